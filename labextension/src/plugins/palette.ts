import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Put commands into the palette, below our own heading. */
export function addToPalette(palette: ICommandPalette | null, trans: TranslationBundle, ids: string[]): void {
  const category = trans.__('Datasets');
  ids.forEach(command => palette?.addItem({ command, category }));
}
