import type * as sdk from '@eyeline/sdk';
import { effect, untracked } from '@preact/signals';
import { attentionWords } from '../../strings/attention';
import type { Call } from '../call';
import { Subscriptions } from '../subscriptions';

/** Says what a host wants of us or has made of us. Returns a function that stops this. */
export function watchHosts(room: sdk.Room, call: Call): () => void {
  const subscriptions = new Subscriptions();
  let withdraw = () => {};
  subscriptions.add(
    room.moderation.onAskedToMute((from) => {
      if (!call.isOn('microphone')) return;
      const name = call.others.peek().find(({ id }) => id === from)?.name ?? attentionWords.aHost;
      const run = () => {
        if (call.isOn('microphone')) void call.toggle('microphone');
      };
      withdraw();
      withdraw = call.notices.post({
        words: attentionWords.asked(name),
        action: { label: attentionWords.mute, run },
        stays: true,
      });
    }),
  );
  subscriptions.add(
    effect(() => {
      if (!call.isOn('microphone')) untracked(withdraw);
    }),
  );
  let role = call.people.role.peek();
  subscriptions.add(
    effect(() => {
      const before = role;
      role = call.people.role.value;
      if (role !== before) untracked(() => tellRole(call, role));
    }),
  );
  return () => subscriptions.end();
}

function tellRole(call: Call, role: sdk.Role): void {
  const { notices, others } = call;
  if (role === 'host') return;
  if (role === 'member') {
    notices.show(attentionWords.member);
    return;
  }
  const hosts = others.peek().filter((one) => one.role.peek() === 'host');
  const name = hosts.length === 1 ? hosts[0]?.name : undefined;
  notices.post({
    words: attentionWords.coHost(name ?? attentionWords.aHost),
    action: { label: attentionWords.people, run: () => call.showPanel('people') },
    stays: true,
  });
}
