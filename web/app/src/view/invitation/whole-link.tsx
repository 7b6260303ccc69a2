import { useEffect, useRef } from 'preact/hooks';
import { words } from '../../strings/strings';

/** The link, all of it to be read, and selected to be copied. */
export function WholeLink({ link }: { readonly link: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <textarea
      ref={field}
      class="share-link"
      readOnly
      rows={Math.ceil(link.length / 40)}
      aria-label={words.alone.link}
      value={link}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}
