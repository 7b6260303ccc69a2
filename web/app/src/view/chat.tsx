import { Send, X } from 'lucide';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Call } from '../model/call';
import type { Line } from '../model/chat';
import { pieces } from '../model/text';
import { words } from '../strings';
import { Asks } from './files';
import { Icon } from './icon';

export function ChatPanel({ call, onClose }: { readonly call: Call; readonly onClose: () => void }) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <aside class="chat" aria-label={words.chat.heading} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 class="panel-title">{words.chat.heading}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      <Log lines={call.chat.lines.value} />
      <Asks files={call.files} />
      <Composer call={call} />
    </aside>
  );
}

/** Stays at the newest line unless somebody scrolled up to read. */
function Log({ lines }: { readonly lines: readonly Line[] }) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (atEnd.current) log.current?.scrollTo(0, log.current.scrollHeight);
  }, [lines]);
  const onScroll = () => {
    const list = log.current;
    if (list !== null) atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
  };
  return (
    <div
      ref={log}
      class="log"
      role="log"
      aria-live="polite"
      aria-label={words.chat.log}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
      tabIndex={0}
      onScroll={onScroll}
    >
      {lines.length === 0 && <p class="log-empty">{words.chat.empty}</p>}
      <ol class="log-lines">
        {lines.map((line, index) => (
          <LineView key={line.key} line={line} follows={continues(lines[index - 1], line)} />
        ))}
      </ol>
    </div>
  );
}

/** From the same person within a minute: no new heading. */
function continues(before: Line | undefined, line: Line): boolean {
  return before !== undefined && before.mine === line.mine && before.name === line.name && line.at - before.at < 60_000;
}

function LineView({ line, follows }: { readonly line: Line; readonly follows: boolean }) {
  return (
    <li class="said" data-mine={line.mine} data-follows={follows}>
      <p class={follows ? 'unseen' : 'said-by'}>
        <bdi>{line.mine ? words.chat.you : line.name}</bdi>
        <span class="said-at"> · {words.chat.time(line.at)}</span>
      </p>
      <p class="said-words" dir="auto">
        <Words text={line.text} />
      </p>
      <Delivered delivery={line.delivery} />
    </li>
  );
}

/** Who does not have it yet; nothing once everybody has. */
function Delivered({ delivery: { state, lacking } }: { readonly delivery: Line['delivery'] }) {
  if (state === 'sent') return null;
  const names = lacking.join(', ');
  return (
    <p
      class={state === 'missed' ? 'said-state problem' : 'said-state'}
      title={state === 'sending' ? words.chat.lacking(names) : undefined}
    >
      {words.chat.delivery(state, names)}
      {state === 'sending' && <span class="unseen">{words.chat.lacking(names)}</span>}
    </p>
  );
}

/** Addresses can be followed, in a tab of their own that learns nothing of this one. */
function Words({ text }: { readonly text: string }) {
  return pieces(text).map((piece) =>
    piece.href === null ? (
      piece.text
    ) : (
      <a href={piece.href} target="_blank" rel="noopener noreferrer">
        {piece.text}
      </a>
    ),
  );
}

function Composer({ call }: { readonly call: Call }) {
  const { chat } = call;
  const field = useRef<HTMLTextAreaElement>(null);
  const draft = chat.draft.value;
  const excess = chat.excess.value;
  const alone = call.alone.value;
  useEffect(() => field.current?.focus(), []);
  useLayoutEffect(() => grow(field.current), [draft]);
  const send = () => {
    call.say();
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p id="chat-problem" class="problem" role="status">
        {excess > 0 && words.chat.excess(excess)}
      </p>
      <div class="composer-field">
        <textarea
          ref={field}
          class="composer-words"
          rows={1}
          dir="auto"
          aria-label={words.chat.field}
          aria-describedby="chat-problem"
          aria-invalid={excess > 0}
          placeholder={alone ? words.chat.alone : words.chat.field}
          enterkeyhint="send"
          value={draft}
          onInput={(event) => {
            chat.draft.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="send"
          aria-label={words.chat.send}
          aria-disabled={alone || excess > 0 || draft.trim() === ''}
        >
          <Icon node={Send} size={20} />
        </button>
      </div>
    </form>
  );
}

/** As high as its words, up to what the style allows. */
function grow(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
