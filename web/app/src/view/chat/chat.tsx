import { Download, Paperclip, Send, X } from 'lucide';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { Chat } from '../../model/chat/chat';
import { chatWords } from '../../strings/chat';
import { words } from '../../strings/strings';
import { AlertSwitches } from '../attention/alert-switches';
import { ChooseFiles } from '../files/choose-files';
import { Asks } from '../files/files';
import { Icon } from '../ui/icon';
import { MessageList } from './message-list';

interface Props {
  readonly call: Call;
  readonly chat: Chat;
}

export function ChatPanel({ call, chat, onClose }: Props & { readonly onClose: () => void }) {
  const typing = chat.typing.names.value;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <aside class="chat" aria-label={chatWords.heading} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 class="panel-title">{chatWords.heading}</h2>
        <Tools call={call} chat={chat} />
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      <MessageList chat={chat} />
      <p class="typing">{typing.length > 0 && chatWords.typing(typing)}</p>
      {call.lazy.files.value !== null && <Asks call={call} files={call.lazy.files.value} />}
      {call.permissions.value.has('chat') ? (
        <Composer call={call} chat={chat} />
      ) : (
        <p class="read-only">{chatWords.readOnly}</p>
      )}
    </aside>
  );
}

function Tools({ call, chat }: Props) {
  const attention = call.lazy.attention.value;
  return (
    <div class="chat-tools">
      {attention !== null && <AlertSwitches attention={attention} notices={call.notices} />}
      <button
        type="button"
        class="plain"
        aria-label={chatWords.save}
        aria-disabled={chat.lines.value.length === 0}
        title={chatWords.save}
        onClick={() => chat.lines.value.length > 0 && chat.save()}
      >
        <Icon node={Download} size={20} />
      </button>
    </div>
  );
}

function Composer({ call, chat }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const files = call.lazy.files.value;
  const draft = chat.draft.value;
  const excess = chat.excess.value;
  const alone = call.alone.value;
  const about = chat.about.value;
  const problem = excess > 0 ? chatWords.excess(excess) : chat.addressed.value ? '' : chatWords.unaddressed;
  const only = call.others.value.find(({ id }) => id === chat.to.value);
  const label = only === undefined ? chatWords.field : chatWords.fieldOnly(only.name);
  useEffect(() => field.current?.focus(), [about]);
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
        {problem}
      </p>
      <Recipient call={call} chat={chat} />
      {about !== null && (
        <div class="about">
          <p class="about-words">
            {chatWords.about(about.does, about.line.mine ? chatWords.you : about.line.name)}
            <span class="about-text" dir="auto">
              {about.line.text}
            </span>
          </p>
          <button type="button" class="plain" aria-label={chatWords.cancel} onClick={() => chat.cancel()}>
            <Icon node={X} size={20} />
          </button>
        </div>
      )}
      <div class="composer-field">
        {files !== null && call.people.allowsFiles.value && call.permissions.value.has('files') && (
          <ChooseFiles
            files={files}
            class="plain"
            disabled={alone}
            onChoose={() => {
              files.to.value = chat.to.peek();
            }}
          >
            <Icon node={Paperclip} size={20} />
          </ChooseFiles>
        )}
        <textarea
          ref={field}
          class="composer-words"
          rows={1}
          dir="auto"
          aria-label={label}
          aria-describedby="chat-problem"
          aria-invalid={problem !== ''}
          placeholder={alone ? chatWords.alone : label}
          enterkeyhint="send"
          value={draft}
          onInput={(event) => {
            chat.type(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && about !== null) {
              event.stopPropagation();
              chat.cancel();
            }
            if (event.key === 'ArrowUp' && draft === '') {
              event.preventDefault();
              chat.editLast();
            }
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="send"
          aria-label={chatWords.send}
          aria-disabled={alone || problem !== '' || draft.trim() === ''}
        >
          <Icon node={Send} size={20} />
        </button>
      </div>
    </form>
  );
}

/** Chooses the recipient of a message, except while one is being edited. */
function Recipient({ call, chat }: Props) {
  const people = call.others.value;
  const to = chat.to.value;
  if ((people.length < 2 && to === '') || chat.about.value?.does === 'edit') return null;
  return (
    <label class="sending-to composer-to">
      <span>{chatWords.to}</span>
      <select
        value={to}
        onChange={(event) => {
          chat.to.value = event.currentTarget.value;
        }}
      >
        <option value="">{chatWords.everyone}</option>
        {!chat.addressed.value && (
          <option value={to} disabled>
            {chatWords.nobody}
          </option>
        )}
        {people.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Makes the field as high as its text, up to the limit in the style. */
function grow(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
