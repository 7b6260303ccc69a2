import { MessageCircle } from 'lucide';
import type { Attention } from '../../model/attention/attention';
import type { Call } from '../../model/call';
import type { Chat } from '../../model/chat/chat';
import { attentionWords } from '../../strings/attention';
import { Icon } from '../ui/icon';

interface Props {
  readonly call: Call;
  readonly chat: Chat;
  readonly attention: Attention;
}

/**
 * The newest message, shown over the stage while the chat is closed. When it's gone and the controls are hidden, the
 * number of unread messages stays.
 */
export function MessageToastView({ call, chat, attention }: Props) {
  const message = attention.toast.shown.value;
  const unread = chat.unread.value;
  const open = () => call.showPanel('chat');
  if (message === null) {
    if (unread === 0 || call.controls.shown.value) return null;
    return (
      <button type="button" class="notice toast" aria-label={attentionWords.unread(unread)} onClick={open}>
        <Icon node={MessageCircle} size={18} />
        {unread}
      </button>
    );
  }
  return (
    <button key={message.key} type="button" class="notice toast" onClick={open}>
      <Icon node={MessageCircle} size={18} />
      <span class="toast-words">
        <bdi class="toast-name">{message.name}</bdi>
        {message.to !== null && <span class="secondary"> {attentionWords.onlyYou}</span>}
        <span class="toast-text" dir="auto">
          {message.text}
        </span>
      </span>
      <span class="unseen">{attentionWords.openChat}</span>
    </button>
  );
}
