import type { Drag } from '@lumino/dragdrop';

const PATHS = 'application/x-jupyter-icontents';
const OVER = 'jd-mod-drop';

/** What was dropped: paths of JupyterLab's file browser, or files of the person's machine. */
export interface Dropped {
  paths: string[];
  files: File[];
}

/** Let files be dropped on an element, which has the class `jd-mod-drop` while they are over it. */
export function takeDrops(node: HTMLElement, take: (dropped: Dropped) => void): void {
  const highlight = (on: boolean) => node.classList.toggle(OVER, on);
  const onOver = (event: DragEvent) => {
    accept(event);
    highlight(true);
  };
  listen(node, 'dragenter', onOver);
  listen(node, 'dragover', onOver);
  listen(node, 'dragleave', event => highlight(node.contains(event.relatedTarget as Node | null)));
  listen(node, 'drop', event => {
    accept(event);
    highlight(false);
    take(contentOf(event));
  });
}

/** Call `open` when files are dragged over a tab: what is behind it could not be reached otherwise. */
export function openUnderDrag(tab: string, open: () => void): void {
  listen(document, 'dragenter', ({ target }) => {
    if (target instanceof Element && target.closest(tab)) {
      open();
    }
  });
}

/** Drags within JupyterLab are Lumino's, those from outside are the browser's own; their events are alike. */
function listen(node: Node, type: string, heard: (event: DragEvent) => void): void {
  const onEvent = (event: Event) => carriesFiles(event as DragEvent) && heard(event as DragEvent);
  [type, `lm-${type}`].forEach(each => node.addEventListener(each, onEvent));
}

function isOurs(event: DragEvent): event is Drag.Event {
  return event.type.startsWith('lm-');
}

function carriesFiles(event: DragEvent): boolean {
  return isOurs(event)
    ? event.mimeData.hasData(PATHS)
    : event.dataTransfer !== null && event.dataTransfer.types.includes('Files');
}

function accept(event: DragEvent): void {
  event.preventDefault();
  event.stopPropagation();
  if (isOurs(event)) {
    event.dropAction = event.proposedAction;
  } else if (event.dataTransfer) {
    event.dataTransfer.dropEffect = 'copy';
  }
}

function contentOf(event: DragEvent): Dropped {
  return isOurs(event)
    ? { paths: event.mimeData.getData(PATHS) as string[], files: [] }
    : { paths: [], files: [...(event.dataTransfer?.files ?? [])] };
}
