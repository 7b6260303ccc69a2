import type { Call } from '../src/model/call';
import { Chat } from '../src/model/chat/chat';
import { Files } from '../src/model/files/files';
import { ViewOptions } from '../src/model/view-options';

/** The chat of a call, whose code the app loads later. */
export function loadedChat(call: Call): Chat {
  call.bring({ Chat, Files, ViewOptions });
  const chat = call.chat.peek();
  if (chat === null) throw new Error('the call has ended');
  return chat;
}
