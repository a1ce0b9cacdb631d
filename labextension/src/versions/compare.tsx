import * as React from 'react';

import type { ApiError, Commit, VersionDiff } from '../api';
import { asApiError } from '../api';
import { Failure, Loading } from '../ui/errors';
import { short } from '../ui/format';
import { Changes } from './changes';
import type { TabProps } from './tab';

/** What differs between two commits, the older one first. */
export function Compare({ pair, model, trans }: TabProps & { pair: [Commit, Commit] }): JSX.Element {
  const [old, now] = [...pair].sort((a, b) => a.seq - b.seq);
  const [diff, setDiff] = React.useState<VersionDiff | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    let over = false;
    setDiff(null);
    setError(null);
    model.api.versions.diff(model.id, old.id, now.id).then(
      found => over || setDiff(found),
      reason => over || setError(asApiError(reason))
    );
    return () => {
      over = true;
    };
  }, [old.id, now.id, tries]);
  return (
    <section
      className="jd-Compare"
      aria-label={trans.__('Changes from %1 to %2', short(old.id), short(now.id))}
    >
      <h3>
        <code>{short(old.id)}</code> → <code>{short(now.id)}</code>
      </h3>
      {error && <Failure error={error} trans={trans} retry={() => setTries(tries + 1)} />}
      {!diff && !error && <Loading trans={trans} />}
      {diff && <Changes diff={diff} trans={trans} />}
    </section>
  );
}
