import type * as React from 'react';

const THRESHOLD = 5; // pixels

/** A handler for pointerdown that calls `begin` once the pointer is moved with the button held. */
export function useDragStart(begin: (event: PointerEvent) => void): React.PointerEventHandler {
  return down => {
    if (down.button !== 0) {
      return;
    }
    const over = new AbortController();
    const options = { signal: over.signal };
    const onMove = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > THRESHOLD) {
        over.abort();
        begin(event);
      }
    };
    document.addEventListener('pointermove', onMove, options);
    document.addEventListener('pointerup', () => over.abort(), options);
  };
}
