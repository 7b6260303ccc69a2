import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../../model/call';

/** Sends files that are dropped on the call or pasted. Returns true while files are dragged over it. */
export function useDropAndPaste(call: Call): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const listen = <K extends keyof DocumentEventMap>(type: K, run: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, run, { signal: ending.signal });
    const take = (event: Event, data: DataTransfer | null) => {
      if (data === null || data.files.length === 0) return;
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
      take(event, event.dataTransfer);
    });
    listen('paste', (event) => take(event, event.clipboardData));
    return () => ending.abort();
  }, [call]);
  return over;
}
