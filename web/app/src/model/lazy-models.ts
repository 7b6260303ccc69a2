import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Alerts, Platform } from '../platform/platform';
import type { Attention } from './attention/attention';
import type { Call, Panel } from './call';
import type { Chat } from './chat/chat';
import { EarlyMessages } from './chat/early-messages';
import type { CallDevices } from './devices/call-devices';
import { droppedFiles } from './files/dropped-files';
import type { Files } from './files/files';
import type { Invitation } from './invitation/invitation';
import type { LocalDevices } from './local-devices';
import type { PhoneCalling } from './phones/phone-calling';
import { Subscriptions } from './subscriptions';
import type { offerVerification } from './verification-offer';
import type { ViewOptions } from './view-options';

/** The code of {@link LazyModels}. */
export interface LazyCode {
  readonly Attention: typeof Attention;
  readonly CallDevices: typeof CallDevices;
  readonly Chat: typeof Chat;
  readonly Files: typeof Files;
  readonly PhoneCalling: typeof PhoneCalling;
  readonly ViewOptions: typeof ViewOptions;
}

/** Seconds until the next try if the server is away. */
const again = 3;

/** Early changes of devices that are kept; the oldest are dropped. */
const earlyChangesMax = 8;

/**
 * What isn't needed for the first picture of a call: each is null until its code is loaded, shortly after the call
 * begins. What happens until then is kept for them.
 */
export class LazyModels {
  readonly chat = signal<Chat | null>(null);
  /** File transfers. */
  readonly files = signal<Files | null>(null);
  readonly attention = signal<Attention | null>(null);
  /** Ways to invite other than the bare link. */
  readonly invitation = signal<Invitation | null>(null);
  /** Speaker, noise suppression and notices about devices. */
  readonly devices = signal<CallDevices | null>(null);
  readonly phones = signal<PhoneCalling | null>(null);
  /** What the menu "More" can change. */
  readonly view = signal<ViewOptions | null>(null);
  readonly #platform: Platform;
  readonly #room: sdk.Room;
  readonly #local: LocalDevices;
  readonly #call: Call;
  readonly #subscriptions = new Subscriptions();
  readonly #earlyMessages = new EarlyMessages();
  /** Runs once {@link files} is there. */
  readonly #earlyFiles: ((files: Files) => void)[] = [];
  /** What changed of our devices before {@link devices} was there. */
  readonly #earlyChanges: sdk.DeviceChange[] = [];
  readonly #stopKeepingChanges: () => void;
  /** Id of the host who asked us to mute before {@link attention} was there. */
  #askedToMuteBy: string | null = null;
  /** Our role when the call began. */
  readonly #firstRole: sdk.Role;
  /** The people that the call shows. */
  #peers: readonly sdk.Peer[] = [];

  constructor(platform: Platform, room: sdk.Room, local: LocalDevices, call: Call) {
    this.#platform = platform;
    this.#room = room;
    this.#local = local;
    this.#call = call;
    this.#subscriptions.add(
      room.onMessage((from, message) => (this.chat.peek() ?? this.#earlyMessages).receive(from, message)),
    );
    this.#firstRole = room.moderation.role.current;
    this.#stopKeepingChanges = local.onChange((change) => {
      this.#earlyChanges.splice(0, Math.max(0, this.#earlyChanges.length + 1 - earlyChangesMax));
      this.#earlyChanges.push(change);
    });
    this.#subscriptions.add(this.#stopKeepingChanges);
    this.#subscriptions.add(
      room.moderation.onAskedToMute((from) => {
        const attention = this.attention.peek();
        if (attention === null) this.#askedToMuteBy = from;
        else attention.askedToMute(from);
      }),
    );
  }

  /** Called once their code is loaded. */
  bring(code: LazyCode): void {
    if (this.chat.peek() !== null || this.#isOver) return;
    const [platform, room, call] = [this.#platform, this.#room, this.#call];
    const chat = new code.Chat(platform, room, this.#isOpen('chat'), (line) => this.attention.peek()?.wrote(line));
    chat.meet(this.#peers);
    this.#earlyMessages.passOn(chat);
    this.chat.value = chat;
    this.view.value = new code.ViewOptions(platform, call);
    this.phones.value = new code.PhoneCalling(platform, room, call);
    this.#stopKeepingChanges();
    this.devices.value = new code.CallDevices(platform, this.#local, call, this.#earlyChanges.splice(0));
    const files = new code.Files(platform, room, call.notices, this.#isOpen('files'));
    this.files.value = files;
    for (const early of this.#earlyFiles.splice(0)) early(files);
    this.#bringAttention(code, chat);
  }

  /** Called once its code is loaded. */
  bringVerificationOffer(offer: typeof offerVerification): void {
    if (this.#isOver) return;
    this.#subscriptions.add(offer(this.#call, this.#platform.memory, this.#platform.after));
  }

  /** Called once the code for invitations is loaded. */
  bringInvitation(made: typeof Invitation): void {
    if (this.invitation.peek() !== null || this.#isOver) return;
    const invitation = new made(this.#platform, this.#call.link, this.#call.notices);
    this.invitation.value = invitation;
    this.#subscriptions.add(() => invitation.end());
  }

  /** The people that the call shows now. */
  meet(peers: readonly sdk.Peer[]): void {
    this.#peers = peers;
    this.chat.peek()?.meet(peers);
  }

  /** Sends what was dropped or pasted, to this person if it isn't null. Call it while the event runs. */
  takeFiles(items: DataTransferItemList, to: string | null): void {
    const found = droppedFiles(items, (item) => this.#platform.fileHandles.take(item));
    const send = (files: Files) => void files.sendDropped(found, to ?? files.to.peek());
    const files = this.files.peek();
    if (files === null) this.#earlyFiles.push(send);
    else send(files);
  }

  end(): void {
    for (const each of [this.chat, this.files, this.phones, this.view, this.attention, this.devices])
      each.peek()?.end();
    this.#subscriptions.end();
  }

  get #isOver(): boolean {
    return this.#room.ended.current !== null;
  }

  /** Also tried again later: the server may be away. */
  #bringAttention(code: LazyCode, chat: Chat): void {
    const begin = (alerts: Alerts) => {
      if (this.#isOver) return;
      const attention = new code.Attention(this.#platform, alerts, this.#call, chat, this.#firstRole);
      if (this.#askedToMuteBy !== null) attention.askedToMute(this.#askedToMuteBy);
      this.attention.value = attention;
    };
    const later = () => {
      if (!this.#isOver) this.#subscriptions.add(this.#platform.after(again, () => this.#bringAttention(code, chat)));
    };
    void this.#platform.alerts().then(begin, later);
  }

  #isOpen(panel: Panel): ReadonlySignal<boolean> {
    return computed(() => this.#call.panel.value === panel);
  }
}
