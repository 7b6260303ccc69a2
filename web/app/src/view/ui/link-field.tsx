import { useEffect, useRef } from 'preact/hooks';
import { words } from '../../strings/strings';

/** The full link, ready to be copied. */
export function LinkField({ link, selected = false }: { readonly link: string; readonly selected?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (selected) input.current?.focus();
  }, [selected]);
  return (
    <input
      ref={input}
      class="code-input link"
      type="text"
      readOnly
      aria-label={words.alone.link}
      value={link}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}
