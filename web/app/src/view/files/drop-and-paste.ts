import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../../model/call';
import { pastesFiles } from '../../model/files/paste';

/** Sends files that are dropped on the call or pasted. Returns true while files are dragged over it. */
export function useDropAndPaste(call: Call): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const listen = <K extends keyof DocumentEventMap>(type: K, run: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, run, { signal: ending.signal });
    const take = (event: Event, data: DataTransfer) => {
      event.preventDefault();
      call.takeFiles(data.items);
    };
    listen('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault(); // or the browser would open the file instead of the call
      setOver(true);
    });
    listen('dragleave', (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen('drop', (event) => {
      setOver(false);
      if (event.dataTransfer !== null && event.dataTransfer.files.length > 0) take(event, event.dataTransfer);
    });
    listen('paste', (event) => {
      const { clipboardData: data } = event;
      if (data !== null && pastesFiles(data, isTextField(event.target))) take(event, data);
    });
    return () => ending.abort();
  }, [call]);
  return over;
}

/** Whether text can be pasted there. */
function isTextField(target: EventTarget | null): boolean {
  const field = 'textarea, [contenteditable], input:not([type=file], [type=checkbox], [type=radio], [type=range])';
  return target instanceof Element && target.closest(field) !== null;
}
