import type { TranslationBundle } from '@jupyterlab/translation';

import type { RefInfo } from '../api';
import { ask } from '../ui/form';
import { refName } from '../ui/format';
import type { VersionModel } from './model';

/** Ask for a name, and make a branch or tag at a reference; the tab goes to a new branch. */
export async function createRef(
  model: VersionModel,
  trans: TranslationBundle,
  kind: RefInfo['kind'],
  at: string
): Promise<void> {
  const where = refName(at);
  const made = await ask({
    title: kind === 'branch' ? trans.__('New branch at %1', where) : trans.__('New tag at %1', where),
    accept: trans.__('Create'),
    trans,
    fields: [{ name: 'name', label: trans.__('Name'), required: true }],
    submit: ({ name }) => model.api.versions.createRef(model.id, kind, name.trim(), at)
  });
  if (made?.kind === 'branch') {
    model.choose({ ref: made.name });
  }
}

/** Show another version in the tab, as its branch where one is there; without a reference, ask for one. No branch moves. */
export async function checkout(model: VersionModel, trans: TranslationBundle, ref?: string): Promise<void> {
  if (ref !== undefined) {
    const branch = model.refs.find(({ commit, kind }) => kind === 'branch' && commit === ref);
    model.choose({ ref: branch?.name ?? ref, view: 'data' });
    return;
  }
  const chosen = await ask({
    title: trans.__('Check out a version'),
    accept: trans.__('Check Out'),
    trans,
    fields: [
      {
        name: 'ref',
        label: trans.__('Branch, tag or commit'),
        value: model.ref,
        required: true,
        suggestions: model.refs.map(({ name }) => name),
        hint: trans.__('Such as main, v1.0, main~2, 3f2a9c or main@{2026-01-31}.')
      }
    ],
    submit: async ({ ref: wanted }) => {
      const commit = await model.api.versions.resolve(model.id, wanted.trim());
      const named = model.refs.some(({ name }) => name === wanted.trim());
      return named ? wanted.trim() : commit.id;
    }
  });
  if (chosen !== null) {
    model.choose({ ref: chosen });
  }
}
