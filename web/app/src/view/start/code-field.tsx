import { useEffect, useMemo, useRef } from 'preact/hooks';
import { CodeEntry } from '../../model/start/code-entry';
import type { Platform } from '../../platform/platform';
import { pageWords } from '../../strings/pages';

/** The field for a link, the name of a room, or five words. */
export function CodeField({ platform }: { readonly platform: Platform }) {
  const entry = useMemo(() => new CodeEntry(platform), [platform]);
  const input = useRef<HTMLInputElement>(null);
  const problem = entry.problem.value;
  const following = entry.following.value;
  useEffect(() => () => entry.end(), [entry]);
  useEffect(() => {
    if (problem !== null) input.current?.focus();
  }, [problem]);
  const submit = (event: Event) => {
    event.preventDefault();
    void entry.join();
  };
  const paste = (event: ClipboardEvent) => {
    if (entry.paste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
  };
  return (
    <form class="code" onSubmit={submit} noValidate>
      <div class="code-field">
        <input
          ref={input}
          class="code-input"
          type="text"
          aria-label={pageWords.home.code}
          placeholder={pageWords.home.code}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          value={entry.code.value}
          onInput={(event) => entry.type(event.currentTarget.value)}
          onPaste={paste}
          aria-invalid={problem !== null}
          aria-describedby="code-problem"
        />
        <button type="submit" class="button quiet" aria-disabled={following}>
          {pageWords.home.join}
        </button>
      </div>
      <p id="code-problem" class="problem" role="alert">
        {problem !== null && pageWords.home.problem(problem)}
      </p>
      <p class="code-follows secondary" role="status">
        {following && pageWords.home.following}
      </p>
    </form>
  );
}
