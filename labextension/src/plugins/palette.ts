import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Put commands into the palette, below our own heading. */
export function addToPalette(palette: ICommandPalette | null, trans: TranslationBundle, ids: string[]): void {
  const category = trans.__('Datasets');
  ids.forEach(command => palette?.addItem({ command, category }));
}

/** The palette gives the focus back to a notebook within a frame: a command that moves the focus does so after that. */
export function focusReturned(): Promise<unknown> {
  return new Promise(requestAnimationFrame);
}
