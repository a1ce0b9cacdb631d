import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { Loading } from '../ui/errors';
import { bytes } from '../ui/format';
import { useChanges } from '../ui/signals';
import type { TabProps } from './tab';

/** The files attached to a version, to be downloaded. */
export class FilesPanel extends ReactWidget {
  constructor(private readonly props: TabProps) {
    super();
    this.addClass('jd-FilesPanel');
  }

  protected override render(): JSX.Element {
    return <Files {...this.props} />;
  }
}

function Files({ model, trans }: TabProps): JSX.Element {
  useChanges(model.changed);
  if (!model.loaded) {
    return model.error ? <></> : <Loading trans={trans} />;
  }
  const { version } = model;
  if (!version?.files.length) {
    return (
      <div className="jd-Empty" role="status">
        <p>{trans.__('This version has no attached files.')}</p>
        <p>{trans.__('Attach one from a notebook:')}</p>
        <pre tabIndex={0}>{'repo["…"].attach("codebook.pdf")'}</pre>
      </div>
    );
  }
  return (
    <table className="jd-Files">
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('Size')}</th>
          <th scope="col">{trans.__('Kind')}</th>
        </tr>
      </thead>
      <tbody>
        {version.files.map(file => (
          <tr key={file.name}>
            <td>
              <a
                download={file.name}
                href={model.api.versions.fileUrl(model.id, file.name, version.commit.id)}
              >
                <bdi>{file.name}</bdi>
              </a>
            </td>
            <td>{bytes(file.bytes)}</td>
            <td>{file.media_type}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
