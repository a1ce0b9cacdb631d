import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ApiError } from '../api';

/** What happened, in the reader's words. */
export function explain(error: ApiError, trans: TranslationBundle): { message: string; nextStep: string } {
  if (error.status === 0) {
    return {
      message: trans.__('The Jupyter server does not answer.'),
      nextStep: trans.__('This view tries again by itself. Is the server still running?')
    };
  }
  if (error.kind === 'internal' && error.status === 404) {
    return {
      message: trans.__('The server extension jupyter_datasets does not run.'),
      nextStep: trans.__('Look at "jupyter server extension list", then start the server again.')
    };
  }
  return { message: error.message, nextStep: error.nextStep };
}

/** An error with what to do about it, and a button to try at once. */
export function Failure(props: {
  error: ApiError;
  trans: TranslationBundle;
  retry?: () => void;
}): JSX.Element {
  const { message, nextStep } = explain(props.error, props.trans);
  return (
    <div className="jd-Failure" role="alert">
      <strong>{message}</strong>
      {nextStep && <p>{nextStep}</p>}
      {props.retry && (
        <button type="button" className="jd-Button" onClick={props.retry}>
          {props.error.passing ? props.trans.__('Try now') : props.trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

export function Loading(props: { trans: TranslationBundle }): JSX.Element {
  return (
    <p className="jd-Loading" role="status">
      {props.trans.__('Loading…')}
    </p>
  );
}
