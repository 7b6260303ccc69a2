import { Attention } from '../src/model/attention/attention';
import type { Call } from '../src/model/call';
import { Chat } from '../src/model/chat/chat';
import { CallDevices } from '../src/model/devices/call-devices';
import { Files } from '../src/model/files/files';
import type { LazyCode } from '../src/model/lazy-models';
import { PhoneCalling } from '../src/model/phones/phone-calling';
import { ViewOptions } from '../src/model/view-options';

export const lazyCode: LazyCode = { Attention, CallDevices, Chat, Files, PhoneCalling, ViewOptions };

/** The chat of a call, whose code the app loads later. */
export function loadedChat(call: Call): Chat {
  call.lazy.bring(lazyCode);
  const chat = call.lazy.chat.peek();
  if (chat === null) throw new Error('the call has ended');
  return chat;
}
