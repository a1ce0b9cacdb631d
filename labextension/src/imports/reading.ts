import type { TranslationBundle } from '@jupyterlab/translation';

import type { Reading } from '../api';
import type { Field, Values } from '../ui/form';

const ENCODINGS = ['utf-8', 'utf-16', 'latin-1', 'cp1252', 'cp1250', 'gb18030', 'shift_jis'];

/** Asks how a text file is to be read. */
export function readingFields(trans: TranslationBundle): Field[] {
  const detect: [string, string] = ['', trans.__('Detect')];
  return [
    {
      name: 'encoding',
      label: trans.__('Encoding'),
      suggestions: ENCODINGS,
      hint: trans.__('Such as utf-8, latin-1 or cp1252. Empty: UTF-8, or what the file begins with.'),
      option: true
    },
    {
      name: 'delimiter',
      label: trans.__('Delimiter'),
      choices: [
        detect,
        [',', trans.__('Comma')],
        [';', trans.__('Semicolon')],
        ['\t', trans.__('Tab')],
        ['|', trans.__('Bar |')],
        [' ', trans.__('Space')]
      ],
      option: true
    },
    {
      name: 'decimal',
      label: trans.__('Decimal mark'),
      value: '.',
      choices: [
        ['.', trans.__('Point')],
        [',', trans.__('Comma')]
      ],
      option: true
    },
    {
      name: 'header',
      label: trans.__('Header'),
      choices: [
        detect,
        ['yes', trans.__('Yes: the first line names the columns')],
        ['no', trans.__('No: the first line is data')]
      ],
      option: true
    }
  ];
}

/** What was answered; the rest is found out from the file. */
export function readingOf({ encoding, delimiter, decimal, header }: Values): Reading {
  return {
    ...(encoding?.trim() && { encoding: encoding.trim() }),
    ...(delimiter && { delimiter }),
    ...(decimal === ',' && { decimal }),
    ...(header && { header: header === 'yes' })
  };
}
