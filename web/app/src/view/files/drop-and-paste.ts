import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../../model/call';
import { pastesFiles } from '../../model/files/paste';

/** Files are being dragged over the call. */
export interface Dragging {
  /** The tile of the only person who would get them; null elsewhere. */
  readonly tile: HTMLElement | null;
}

/** Sends files that are dropped on the call or pasted. Returns null while none are dragged over it. */
export function useDropAndPaste(call: Call): Dragging | null {
  const [dragging, setDragging] = useState<Dragging | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    const listen = <K extends keyof DocumentEventMap>(type: K, run: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, run, { signal: ending.signal });
    const take = (event: Event, data: DataTransfer, to: string | null) => {
      event.preventDefault();
      call.takeFiles(data.items, to);
    };
    listen('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault(); // or the browser would open the file instead of the call
      const tile = tileAt(event);
      setDragging((before) => (before?.tile === tile ? before : { tile }));
    });
    listen('dragleave', (event) => {
      if (event.relatedTarget === null) setDragging(null);
    });
    listen('drop', (event) => {
      setDragging(null);
      const { dataTransfer: data } = event;
      if (data !== null && data.files.length > 0) take(event, data, personOn(tileAt(event)));
    });
    listen('paste', (event) => {
      const { clipboardData: data } = event;
      if (data !== null && pastesFiles(data, isTextField(event.target))) take(event, data, null);
    });
    return () => ending.abort();
  }, [call]);
  return dragging;
}

/** The tile of somebody else under the pointer, if there are several. */
function tileAt({ target }: Event): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-person]') : null;
}

/** Id of the person on this tile. */
export function personOn(tile: HTMLElement | null): string | null {
  return tile?.dataset['person'] ?? null;
}

/** Whether text can be pasted there. */
function isTextField(target: EventTarget | null): boolean {
  const field = 'textarea, [contenteditable], input:not([type=file], [type=checkbox], [type=radio], [type=range])';
  return target instanceof Element && target.closest(field) !== null;
}
