import type { Message } from '@lumino/messaging';
import { MessageLoop } from '@lumino/messaging';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';

/** Draw the component again each time that the model says it changed. */
export function useChanges(changed: ISignal<unknown, unknown>): void {
  const [, draw] = React.useReducer((times: number) => times + 1, 0);
  React.useEffect(() => {
    changed.connect(draw);
    return () => void changed.disconnect(draw);
  }, [changed]);
}

const SHOWN = new Set(['after-show', 'after-attach']);
const HIDDEN = new Set(['before-hide', 'before-detach']);

/** Holds what `begin` gives for as long as the widget is visible. */
export function whileVisible(widget: Widget, begin: () => IDisposable): void {
  let held: IDisposable | null = null;
  const look = () => {
    if (widget.isVisible) {
      held ??= begin();
    }
  };
  MessageLoop.installMessageHook(widget, (_, { type }: Message) => {
    if (SHOWN.has(type)) {
      // Hooks come before the widget itself, which does not know yet that it is visible.
      queueMicrotask(look);
    } else if (HIDDEN.has(type)) {
      held?.dispose();
      held = null;
    }
    return true;
  });
}
