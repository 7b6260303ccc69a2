import { Component } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Chat, ChatMessage } from '../../model/chat/chat';
import { chatWords } from '../../strings/chat';
import { MessageView } from './message';
import { type Block, blocksOf, shownOf } from './message-blocks';

/** Messages shown at first, and how many more each time somebody scrolls to the top. */
const step = 200;

/** The messages. Stays scrolled to the newest one unless somebody scrolled up to read. */
export function MessageList({ chat }: { readonly chat: Chat }) {
  const lines = chat.lines.value;
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [most, setMost] = useState(step);
  /** Pixels from the scroll position to the end, restored after earlier messages were added above. */
  const below = useRef<number | null>(null);
  const shown = shownOf(lines, most);
  useLayoutEffect(() => {
    const list = log.current;
    if (list === null) return;
    if (below.current !== null) list.scrollTo(0, list.scrollHeight - below.current);
    else if (atEnd.current) list.scrollTo(0, list.scrollHeight);
    below.current = null;
  }, [lines, most]);
  useEffect(() => {
    const list = log.current;
    if (list === null) return;
    const observer = new ResizeObserver(() => atEnd.current && list.scrollTo(0, list.scrollHeight));
    observer.observe(list); // the composer below it grows and shrinks
    return () => observer.disconnect();
  }, []);
  const earlier = () => {
    if (shown.length === lines.length || log.current === null) return;
    below.current = log.current.scrollHeight - log.current.scrollTop;
    setMost(most + step);
  };
  const onScroll = () => {
    const list = log.current;
    if (list === null) return;
    atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
    if (list.scrollTop < 100) earlier();
  };
  return (
    <div
      ref={log}
      class="log"
      role="log"
      aria-live="polite"
      aria-label={chatWords.log}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
      tabIndex={0}
      onScroll={onScroll}
    >
      {lines.length === 0 && <p class="log-empty">{chatWords.empty}</p>}
      {shown.length < lines.length && (
        <button type="button" class="log-earlier" onClick={earlier}>
          {chatWords.earlier}
        </button>
      )}
      {blocksOf(shown).map((block) => (
        <LinesView key={block.lines[0]?.key} chat={chat} {...block} />
      ))}
    </div>
  );
}

/** Drawn again only if one of its messages has changed. */
class LinesView extends Component<Block & { readonly chat: Chat }> {
  override shouldComponentUpdate(next: Block): boolean {
    const { before, lines } = this.props;
    if (before !== next.before || lines.length !== next.lines.length) return true;
    return lines.some((line, index) => line !== next.lines[index]);
  }

  override render({ before, lines, chat }: Block & { readonly chat: Chat }) {
    return (
      <ol class="log-lines">
        {lines.map((line, index) => (
          <MessageView
            key={line.key}
            chat={chat}
            line={line}
            follows={continues(index > 0 ? lines[index - 1] : before, line)}
          />
        ))}
      </ol>
    );
  }
}

/** The same author and recipient within a minute: no new heading. */
function continues(before: ChatMessage | undefined, line: ChatMessage): boolean {
  if (before === undefined || before.mine !== line.mine || before.author !== line.author) return false;
  return before.to === line.to && before.via === line.via && line.at - before.at < 60_000;
}
