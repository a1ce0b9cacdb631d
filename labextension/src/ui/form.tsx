import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { asApiError } from '../api';
import { explain } from './errors';

export type Values = Record<string, string>;

export interface Field {
  name: string;
  label: string;
  value?: string;
  hint?: string | ((values: Values) => string);
  /** Values to choose from; others may be typed. */
  suggestions?: string[];
  /** Values to choose from, and no others: value and label. */
  choices?: [string, string][];
  long?: boolean;
  required?: boolean;
  /** Seldom needed: out of sight until the person opens the options. */
  option?: boolean;
}

export interface Question<T> {
  title: string;
  accept: string;
  fields: Field[];
  trans: TranslationBundle;
  /** What is asked when there is nothing to fill in, or said above the fields. */
  text?: string;
  warn?: boolean;
  submit: (values: Values) => Promise<T>;
}

/** Ask until the answer is accepted by `submit`, which says why not; null when the person gives up. */
export async function ask<T>(question: Question<T>): Promise<T | null> {
  let values: Values = Object.fromEntries(question.fields.map(({ name, value }) => [name, value ?? '']));
  let error = '';
  for (;;) {
    const body = new FormBody(question, values, error);
    const dialog = new Dialog({
      title: question.title,
      body,
      buttons: buttons(question),
      focusNodeSelector: 'input, textarea, select'
    });
    const answer = await dialog.launch();
    if (!answer.button.accept) {
      return null;
    }
    values = body.getValue();
    const missing = question.fields.find(field => field.required && !values[field.name].trim());
    if (missing) {
      error = question.trans.__('%1 is needed.', missing.label);
      continue;
    }
    try {
      return await question.submit(values);
    } catch (reason) {
      const { message, nextStep } = explain(asApiError(reason), question.trans);
      error = `${message} ${nextStep}`.trim();
    }
  }
}

function buttons(question: Question<unknown>): Dialog.IButton[] {
  const accept = question.warn ? Dialog.warnButton : Dialog.okButton;
  return [Dialog.cancelButton({ label: question.trans.__('Cancel') }), accept({ label: question.accept })];
}

class FormBody extends ReactWidget implements Dialog.IBodyWidget<Values> {
  constructor(
    private readonly question: Question<unknown>,
    private values: Values,
    private readonly error: string
  ) {
    super();
    this.addClass('jd-Form');
  }

  getValue(): Values {
    return this.values;
  }

  protected override render(): JSX.Element {
    return (
      <>
        {this.error && (
          <p className="jd-Form-error" role="alert">
            {this.error}
          </p>
        )}
        {this.question.text && <p>{this.question.text}</p>}
        <Fields
          fields={this.question.fields}
          values={this.values}
          trans={this.question.trans}
          onChange={values => {
            this.values = values;
          }}
        />
      </>
    );
  }
}

function Fields(props: {
  fields: Field[];
  values: Values;
  trans: TranslationBundle;
  onChange: (values: Values) => void;
}): JSX.Element {
  const [values, setValues] = React.useState(props.values);
  const change = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    setValues(next);
    props.onChange(next);
  };
  const entry = (field: Field) => (
    <Entry key={field.name} field={field} values={values} onChange={value => change(field.name, value)} />
  );
  const options = props.fields.filter(field => field.option);
  const [opened] = React.useState(() =>
    options.some(field => props.values[field.name] !== (field.value ?? ''))
  );
  return (
    <>
      {props.fields.filter(field => !field.option).map(entry)}
      {options.length > 0 && (
        <details className="jd-Form-options" open={opened}>
          <summary>{props.trans.__('Options')}</summary>
          {options.map(entry)}
        </details>
      )}
    </>
  );
}

function Entry(props: { field: Field; values: Values; onChange: (value: string) => void }): JSX.Element {
  const { field, values } = props;
  const id = React.useId();
  const hint = typeof field.hint === 'function' ? field.hint(values) : field.hint;
  return (
    <div className="jd-Form-field">
      <label htmlFor={id}>{field.label}</label>
      <Control {...props} id={id} />
      {hint && (
        <small id={`${id}-hint`} className="jd-Form-hint">
          {hint}
        </small>
      )}
    </div>
  );
}

function Control(props: {
  id: string;
  field: Field;
  values: Values;
  onChange: (value: string) => void;
}): JSX.Element {
  const { id, field } = props;
  const shared = {
    id,
    name: field.name,
    value: props.values[field.name],
    'aria-required': field.required,
    'aria-describedby': field.hint ? `${id}-hint` : undefined,
    onChange: (event: { target: { value: string } }) => props.onChange(event.target.value)
  };
  if (field.choices) {
    return (
      <select {...shared}>
        {field.choices.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  if (field.long) {
    return <textarea {...shared} rows={3} />;
  }
  return (
    <>
      <input
        {...shared}
        type="text"
        autoComplete="off"
        spellCheck={false}
        list={field.suggestions && `${id}-list`}
      />
      {field.suggestions && (
        <datalist id={`${id}-list`}>
          {field.suggestions.map(value => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </>
  );
}
