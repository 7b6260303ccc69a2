import { useEffect, useRef } from 'preact/hooks';

/**
 * Listens for single keys while nobody is typing, and always for Escape. `press` returns whether it handled the key.
 */
export function useKeys(press: (key: string) => boolean, target: Document = document): void {
  const latest = useRef(press);
  latest.current = press;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
      if (event.key !== 'Escape' && isTyping(event.target)) return;
      if (latest.current(event.key.toLowerCase())) event.preventDefault();
    };
    target.addEventListener('keydown', listen);
    return () => target.removeEventListener('keydown', listen);
  }, [target]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
}
