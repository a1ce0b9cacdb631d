import { caretDownIcon, caretRightIcon, launchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import { ago, bytes, moment } from '../ui/format';
import { explain } from '../ui/errors';
import { datasetsIcon } from '../ui/icons';
import type { Content } from './contents';
import type { SidebarProps } from './sidebar';
import type { Row } from './tree';

type Props = SidebarProps & { row: Extract<Row, { kind: 'dataset' }> };

/** Name, labels, size and last change of a dataset. */
export function DatasetLine(props: Props): JSX.Element {
  const { row } = props;
  const Caret = row.open ? caretDownIcon : caretRightIcon;
  return (
    <>
      <Caret.react tag="span" className="jd-Caret" />
      <datasetsIcon.react tag="span" className="jd-RowIcon" />
      <div className="jd-Dataset" title={row.dataset.description}>
        <bdi className="jd-Name">{row.dataset.name}</bdi>
        {row.dataset.labels.map(label => (
          <bdi key={label} className="jd-Label">
            {label}
          </bdi>
        ))}
        <Meta {...props} />
      </div>
      <Open {...props} />
    </>
  );
}

/** For the mouse: with the keyboard, Enter opens the row. */
function Open({ row, commands, trans }: Props): JSX.Element {
  const open = (event: React.MouseEvent) => {
    event.stopPropagation();
    void commands.execute(CommandIDs.open, { dataset: row.dataset.id });
  };
  const label = trans.__('Open %1', row.dataset.name);
  return (
    <button
      type="button"
      className="jd-Tool jd-Open"
      tabIndex={-1}
      title={label}
      aria-label={label}
      onClick={open}
    >
      <launchIcon.react tag="span" />
    </button>
  );
}

/** Size and last change, asked for when the row comes into sight. */
function Meta({ row, model, trans }: Props): JSX.Element {
  const node = React.useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = React.useState(false);
  React.useEffect(() => {
    const observer = new IntersectionObserver(entries =>
      setSeen(entries.some(entry => entry.isIntersecting))
    );
    observer.observe(node.current!);
    return () => observer.disconnect();
  }, []);
  const content = row.content ?? (seen ? model.contents.of(row.dataset.id) : undefined);
  const changed = content?.version ? content.version.commit.time : row.dataset.updated;
  return (
    <span ref={node} className="jd-Meta" title={moment(changed)}>
      {[size(content), ago(changed)].filter(Boolean).join(' · ')}
    </span>
  );

  function size(known: Content | undefined): string {
    if (!known?.version) {
      return known ? (known.error ? explain(known.error, trans).message : trans.__('empty')) : '';
    }
    const { tables, files } = known.version;
    return bytes([...tables, ...files].reduce((sum, each) => sum + each.bytes, 0));
  }
}
