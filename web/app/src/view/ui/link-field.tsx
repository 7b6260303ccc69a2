import { words } from '../../strings/strings';

/** The full link, ready to be copied. */
export function LinkField({ link }: { readonly link: string }) {
  return (
    <input
      class="code-input link"
      type="text"
      readOnly
      aria-label={words.alone.link}
      value={link}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}
