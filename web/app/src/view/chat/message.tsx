import { Ellipsis } from 'lucide';
import type { Ref } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat, ChatMessage, Quote } from '../../model/chat/chat';
import { pieces } from '../../model/chat/message-text';
import { chatWords } from '../../strings/chat';
import { Icon } from '../ui/icon';

interface Props {
  readonly chat: Chat;
  readonly line: ChatMessage;
  /** Same author as the message before. */
  readonly follows: boolean;
}

export function MessageView({ chat, line, follows }: Props) {
  const { mine, name, at, text, quote, revision } = line;
  const more = useRef<HTMLButtonElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || chat.chosen.value !== line.key) return;
    event.stopPropagation(); // the chat stays open
    chat.choose(line);
    more.current?.focus();
  };
  return (
    <li class="said" data-mine={mine} data-follows={follows} onKeyDown={onKeyDown}>
      <p class={follows ? 'unseen' : 'said-by'}>
        <bdi>{mine ? chatWords.you : name}</bdi>
        <span class="said-at"> · {chatWords.time(at)}</span>
        <span class="said-how">{how(line)}</span>
      </p>
      <div class="said-row">
        <div class="said-box">
          {quote !== null && text !== '' && <Quoted quote={quote} />}
          <p class="said-words" dir="auto">
            {text === '' ? <em class="said-gone">{chatWords.deleted}</em> : <Words text={text} />}
          </p>
        </div>
        {text !== '' && chat.mayWrite && <More chat={chat} line={line} button={more} />}
      </div>
      {text !== '' && <Ways chat={chat} line={line} />}
      {revision > 0 && text !== '' && <p class="said-state said-edited">{chatWords.edited}</p>}
      <Delivered delivery={line.delivery} />
    </li>
  );
}

/** The recipient, and who forwarded the message to us. */
function how({ mine, to, toName, via, name }: ChatMessage): string {
  if (to !== null) return ` · ${mine ? chatWords.only(toName) : chatWords.onlyYou}`;
  return via === '' || via === name ? '' : ` · ${chatWords.via(via)}`;
}

function Quoted({ quote: { mine, name, text } }: { readonly quote: Quote }) {
  return (
    <p class="said-quote">
      <bdi class="said-quote-by">{mine ? chatWords.you : name}</bdi>
      <span class="said-quote-words" dir="auto">
        {text === '' ? chatWords.deleted : text.slice(0, 200)}
      </span>
    </p>
  );
}

/** Opens the menu of a message. */
interface MoreProps extends Omit<Props, 'follows'> {
  readonly button: Ref<HTMLButtonElement>;
}

function More({ chat, line, button }: MoreProps) {
  const open = chat.chosen.value === line.key;
  return (
    <button
      ref={button}
      type="button"
      class="said-more"
      aria-expanded={open}
      aria-label={chatWords.more(line.text)}
      onClick={() => chat.choose(line)}
    >
      <Icon node={Ellipsis} size={18} />
    </button>
  );
}

function Ways({ chat, line }: { readonly chat: Chat; readonly line: ChatMessage }) {
  const open = chat.chosen.value === line.key;
  const ways = useRef<HTMLDivElement>(null);
  useEffect(() => ways.current?.scrollIntoView({ block: 'nearest' }), [open]);
  if (!open) return null;
  return (
    <div ref={ways} class="said-ways">
      <button type="button" onClick={() => chat.reply(line)}>
        {chatWords.reply}
      </button>
      {chat.canChange(line) && (
        <button type="button" onClick={() => chat.edit(line)}>
          {chatWords.edit}
        </button>
      )}
      {chat.canChange(line) && (
        <button type="button" onClick={() => chat.remove(line)}>
          {chatWords.remove}
        </button>
      )}
    </div>
  );
}

/** Who hasn't received it yet; nothing once everybody has. */
function Delivered({ delivery: { state, lacking } }: { readonly delivery: ChatMessage['delivery'] }) {
  if (state === 'sent') return null;
  const names = lacking.join(', ');
  return (
    <p
      class={state === 'missed' ? 'said-state problem' : 'said-state'}
      title={state === 'sending' ? chatWords.lacking(names) : undefined}
    >
      {chatWords.delivery(state, names)}
      {state === 'sending' && <span class="unseen">{chatWords.lacking(names)}</span>}
    </p>
  );
}

/** Links open in a new tab, without opener or referrer. */
function Words({ text }: { readonly text: string }) {
  return pieces(text).map((piece) => {
    if (piece.code) return <code class={piece.text.includes('\n') ? 'said-block' : undefined}>{piece.text}</code>;
    if (piece.href === null) return piece.text;
    return (
      <a href={piece.href} target="_blank" rel="noopener noreferrer">
        {piece.text}
      </a>
    );
  });
}
