import { Attention } from '../src/model/attention/attention';
import type { Call, LazyModels } from '../src/model/call';
import { Chat } from '../src/model/chat/chat';
import { CallDevices } from '../src/model/devices/call-devices';
import { Files } from '../src/model/files/files';
import { ViewOptions } from '../src/model/view-options';

export const lazyModels: LazyModels = { Attention, CallDevices, Chat, Files, ViewOptions };

/** The chat of a call, whose code the app loads later. */
export function loadedChat(call: Call): Chat {
  call.bring(lazyModels);
  const chat = call.chat.peek();
  if (chat === null) throw new Error('the call has ended');
  return chat;
}
