import type * as sdk from '@eyeline/sdk';
import { effect, untracked } from '@preact/signals';
import { attentionWords } from '../../strings/attention';
import type { Call } from '../call';
import { Subscriptions } from '../subscriptions';

/** Says what a host wants of us or has made of us. */
export class HostRequests {
  readonly #call: Call;
  readonly #subscriptions = new Subscriptions();
  #withdraw = () => {};
  #withdrawRole = () => {};

  /** `firstRole` is our role when the call began: what has been made of us since is told, too. */
  constructor(call: Call, firstRole: sdk.Role) {
    this.#call = call;
    this.#subscriptions.add(
      effect(() => {
        if (!call.isOn('microphone')) untracked(() => this.#withdraw());
      }),
    );
    let role = firstRole;
    this.#subscriptions.add(
      effect(() => {
        const before = role;
        role = call.people.role.value;
        if (role !== before) untracked(() => this.#tellRole(role));
      }),
    );
  }

  /** A host, given by id, asks us to mute. */
  askedToMute(from: string): void {
    const call = this.#call;
    if (!call.isOn('microphone')) return;
    const name = call.others.peek().find(({ id }) => id === from)?.name ?? attentionWords.aHost;
    const run = () => {
      if (call.isOn('microphone')) void call.toggle('microphone');
    };
    this.#withdraw();
    this.#withdraw = call.notices.post({
      words: attentionWords.asked(name),
      action: { label: attentionWords.mute, run },
      stays: true,
    });
  }

  end(): void {
    this.#subscriptions.end();
  }

  #tellRole(role: sdk.Role): void {
    const call = this.#call;
    this.#withdrawRole();
    if (role === 'host') return;
    if (role === 'member') {
      this.#withdrawRole = call.notices.post({ words: attentionWords.member });
      return;
    }
    const hosts = call.others.peek().filter((one) => one.role.peek() === 'host');
    const name = hosts.length === 1 ? hosts[0]?.name : undefined;
    this.#withdrawRole = call.notices.post({
      words: attentionWords.coHost(name ?? attentionWords.aHost),
      action: { label: attentionWords.people, run: () => call.showPanel('people') },
      stays: true,
    });
  }
}
