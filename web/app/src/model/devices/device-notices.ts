import type { Device, DeviceChange, DeviceList } from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, untracked } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { deviceWords as says } from '../../strings/devices';
import type { Kind, LocalDevices } from '../local-devices';
import type { Notices } from '../notices';
import type { Other } from '../person';
import { Subscriptions } from '../subscriptions';
import { watchOthers } from './others-devices';
import type { Speaker } from './speaker';

/** Seconds of talking after which you're told that you are muted; and until you're told so again. */
const talkingFor = 1.5;
const againAfter = 60;

const kinds = ['microphone', 'camera'] as const;

interface Options {
  readonly platform: Pick<Platform, 'after' | 'now'>;
  readonly devices: LocalDevices;
  readonly speaker: Speaker;
  readonly notices: Notices;
  readonly others: ReadonlySignal<readonly Other[]>;
  /** Opens the dialog in which devices are chosen. */
  readonly open: (kind: Kind) => void;
  /** What has changed in the call before. */
  readonly early: readonly DeviceChange[];
}

/** Says what happens to the devices in a call: yours, and the others'. */
export class DeviceNotices {
  readonly #options: Options;
  readonly #subscriptions = new Subscriptions();
  /** Devices that were lost, and not turned off or found since. */
  readonly #lost = new Map<Kind, Device['problem']>();
  /** The notices that must not stay when they are no longer true. */
  #withdrawLost: (() => void)[] = [];
  /** Devices in whose place another one is used, with what withdraws the notice of it. */
  readonly #replaced = new Map<Kind, () => void>();
  /** The device that is offered, with all its parts. */
  #offered: { readonly words: string; readonly parts: DeviceList[] } | null = null;
  #mutedToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    this.#options = options;
    const { devices, early } = options;
    for (const change of early) this.#hear(change);
    this.#subscriptions.add(devices.onChange((change) => this.#hear(change)));
    for (const kind of kinds) this.#subscriptions.add(effect(() => this.#forget(kind, devices[kind].value)));
    this.#subscriptions.add(this.#watchAsking());
    this.#subscriptions.add(this.#watchMuted());
    this.#subscriptions.add(watchOthers(options));
  }

  end(): void {
    this.#subscriptions.end();
    for (const withdraw of [...this.#withdrawLost, ...this.#replaced.values()]) withdraw();
  }

  #hear(change: DeviceChange): void {
    const { notices, devices, open } = this.#options;
    if (change.type === 'added') {
      this.#offer(change.devices);
      return;
    }
    const heard = this.#replaced.has(change.kind); // all the time, through another device
    this.#replaced.get(change.kind)?.();
    this.#replaced.delete(change.kind);
    switch (change.type) {
      case 'replaced': {
        const action = { label: says.change, run: () => open(change.kind) };
        this.#replaced.set(change.kind, notices.post({ words: says.replaced(change.from, change.to), action }));
        break;
      }
      case 'restored':
        notices.show(
          heard
            ? says.backTo(change.kind, change.label)
            : says.restored(change.kind, change.label, devices[change.kind].peek().state === 'off'),
        );
        break;
      case 'lost':
        this.#lost.set(change.kind, change.problem);
        this.#tellLost();
    }
  }

  /** One notice for each reason. */
  #tellLost(): void {
    for (const withdraw of this.#withdrawLost) withdraw();
    this.#withdrawLost = [...new Set(this.#lost.values())].map((problem) => {
      const those = kinds.filter((kind) => this.#lost.has(kind) && this.#lost.get(kind) === problem);
      return this.#options.notices.post({
        words: says.lost(those, problem),
        action: this.#wayOut(those, problem),
        stays: true,
      });
    });
  }

  #wayOut(those: readonly Kind[], problem: Device['problem']): { readonly label: string; readonly run: () => void } {
    const { devices, open } = this.#options;
    const [first = 'microphone'] = those;
    if (problem === 'denied') return { label: says.show, run: () => open(first) };
    return { label: says.retry, run: () => void devices.retry() };
  }

  #forget(kind: Kind, { state }: Device): void {
    if (state !== 'failed' && this.#lost.delete(kind)) untracked(() => this.#tellLost());
  }

  /** What was plugged in; the parts of a headset have one name, and are listed one after another. */
  #offer(added: DeviceList): void {
    const { notices, devices, speaker } = this.#options;
    const canChoose = () => speaker.canChoose.peek(); // known a moment after the call began
    const listed = [...added.microphones, ...added.cameras, ...(canChoose() ? added.speakers : [])];
    const label = listed.find((each) => each.label !== '')?.label;
    if (label === undefined) return;
    const words = says.found(label);
    if (this.#offered?.words === words && notices.posted.peek().some((notice) => notice.words === words)) {
      this.#offered.parts.push(added);
      return;
    }
    const parts = [added];
    this.#offered = { words, parts };
    const named = (name: keyof DeviceList) =>
      parts.flatMap((part) => part[name]).find((each) => each.label === label)?.id;
    const use = () => {
      const [microphone, camera, output] = [named('microphones'), named('cameras'), named('speakers')];
      if (microphone !== undefined) void devices.choose('microphone', microphone);
      if (camera !== undefined) void devices.choose('camera', camera);
      if (output !== undefined && canChoose()) speaker.choose(output);
    };
    notices.post({ words, action: { label: says.use, run: use } });
  }

  /** Your browser asks for permission. */
  #watchAsking(): () => void {
    const { devices, notices } = this.#options;
    const asking = computed(() => kinds.some((kind) => devices[kind].value.state === 'asking'));
    const tell = () => notices.post({ words: says.asking, stays: true });
    return effect(() => (asking.value ? untracked(tell) : undefined));
  }

  /** You talk, and are muted. */
  #watchMuted(): () => void {
    const { devices, notices, platform } = this.#options;
    const muted = computed(() => devices.microphone.value.state === 'off');
    let withdraw: () => void = () => undefined;
    const tell = () => {
      if (platform.now() - this.#mutedToldAt < againAfter * 1000) return;
      this.#mutedToldAt = platform.now();
      const action = { label: says.unmute, run: () => void devices.turn('microphone', true) };
      withdraw = notices.post({ words: says.muted, action });
    };
    const ends = [
      effect(() => (devices.speakingMuted.value ? platform.after(talkingFor, tell) : undefined)),
      effect(() => (muted.value ? () => withdraw() : undefined)),
    ];
    return () => {
      for (const end of ends) end();
    };
  }
}
