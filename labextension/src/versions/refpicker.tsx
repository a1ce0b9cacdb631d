import * as React from 'react';

import { refName } from '../ui/format';
import type { TabProps } from './tab';

/** Chooses among branches and tags; a commit that was checked out is shown as well. */
export function RefPicker({ model, trans }: Pick<TabProps, 'model' | 'trans'>): JSX.Element {
  const id = React.useId();
  const known = model.refs.some(ref => ref.name === model.ref);
  const group = (kind: 'branch' | 'tag') =>
    model.refs
      .filter(ref => ref.kind === kind)
      .map(ref => (
        <option key={ref.name} value={ref.name}>
          {ref.name}
        </option>
      ));
  return (
    <span className="jd-RefPicker">
      <label htmlFor={id}>{trans.__('Version')}</label>
      <select id={id} value={model.ref} onChange={event => model.choose({ ref: event.target.value })}>
        {!known && <option value={model.ref}>{refName(model.ref)}</option>}
        <optgroup label={trans.__('Branches')}>{group('branch')}</optgroup>
        <optgroup label={trans.__('Tags')}>{group('tag')}</optgroup>
      </select>
    </span>
  );
}
