import type * as sdk from '@eyeline/sdk';
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Address, Platform } from '../platform/platform';
import { peopleWords } from '../strings/people';
import { words } from '../strings/strings';
import { verificationWords } from '../strings/verification';
import { forgetSent } from './chat/sent-messages';
import { attributed } from './connection-quality';
import { ControlsVisibility } from './controls-visibility';
import { forgetTransfers } from './files/forget-transfers';
import { firstConnection, isSettled } from './first-connection';
import { Ghosts } from './ghosts';
import { LazyModels } from './lazy-models';
import { Leaving } from './leaving';
import type { Kind, LocalDevices } from './local-devices';
import { shownNames } from './look-alike';
import { forgetMismatches, Mismatches } from './mismatches';
import { Notices } from './notices';
import { People } from './people';
import { type Other, other, type Person, you } from './person';
import { phoneWarnings } from './phone-warnings';
import { isAllowed, isFor, type Shortcut } from './shortcuts';
import { Screens } from './stage/screens';
import { Stage } from './stage/stage';
import { Subscriptions } from './subscriptions';
import { TimeLimit } from './time-limit';
import { verdictTexts } from './verdict-texts';
import { VerifiedPeople } from './verified-people';

/** Links into the call; anyone who opens `hostLink` becomes a host. */
export interface Links {
  readonly link: string;
  readonly hostLink: string | null;
}

/** `about` is the id of the person whose connection panel says what to do; null if there is none. */
export interface Warning {
  readonly words: string;
  readonly about: string | null;
}

/** The panels beside the stage. One is open at a time. */
export type Panel = 'chat' | 'files' | 'people';

/** The menus of the bar. One is open at a time. */
export type Menu = 'more' | DeviceMenu;

/** The dialogs in which devices are chosen. */
export type DeviceMenu = Kind | 'devices';

/** The call we are in. */
export class Call {
  readonly link: string;
  readonly me: Person;
  readonly others = signal<readonly Other[]>([]);
  readonly alone: ReadonlySignal<boolean>;
  /** Text for when the server is unreachable or we have lost our seat; otherwise null. */
  readonly absence: ReadonlySignal<string | null>;
  /** What we may send here. */
  readonly permissions: ReadonlySignal<sdk.Permissions>;
  /** Whether the link has a key. */
  readonly sealed: boolean;
  /** Warnings that stay for as long as they are true. */
  readonly warnings: ReadonlySignal<readonly Warning[]>;
  readonly #verified: VerifiedPeople;
  readonly #mismatches: Mismatches;
  /** Chat, files, and all else that isn't needed for the first picture. */
  readonly lazy: LazyModels;
  readonly panel = signal<Panel | null>(null);
  readonly menu = signal<Menu | null>(null);
  readonly people: People;
  readonly screens: Screens;
  readonly notices: Notices;
  readonly timeLimit: TimeLimit;
  readonly controls: ControlsVisibility;
  readonly stage: Stage;
  readonly leaving: Leaving;
  /** For what lies over the call: see {@link Address.layer}. */
  readonly layer: Address['layer'];
  /** Height in pixels to which all cameras' video is limited; 0 for none. */
  readonly maxHeight = signal<number | null>(null);
  /** Whose connection is weak, by person. */
  readonly qualities = computed(() => {
    const found = attributed(this.others.value.map(({ quality }) => quality.value));
    return new Map(this.others.value.map(({ id }, index) => [id, found[index] ?? 'good']));
  });
  /** Id of the person whose connection panel is open. */
  readonly connectionShown = signal<string | null>(null);
  /** The link was copied a moment ago. */
  readonly copied: ReadonlySignal<boolean>;
  /** The invite dialog is open. */
  readonly sharing = signal(false);
  /** Autoplay was blocked: what to run after the next click to start the sound, by person or screen. */
  readonly silent = signal<ReadonlyMap<string, () => void>>(new Map());
  readonly #platform: Platform;
  readonly #room: sdk.Room;
  readonly #local: LocalDevices;
  readonly #subscriptions = new Subscriptions();
  readonly #names = computed(() => shownNames(this.others.value.map(({ id, givenName }) => ({ id, name: givenName }))));
  /** Newcomers by id: true while we wait for their first connection before showing them. */
  readonly #awaited = new Map<string, boolean>();
  readonly #shortcuts: readonly Shortcut[] = [
    { key: 'm', run: () => this.toggle('microphone') },
    { key: 'v', run: () => this.toggle('camera') },
    { key: 's', run: () => this.screens.toggle(), allowed: computed(() => this.screens.mayShare.value) },
    { key: 'c', run: () => this.togglePanel('chat') },
    { key: 'f', run: () => this.togglePanel('files'), allowed: computed(() => this.people.allowsFiles.value) },
    { key: 'p', run: () => this.togglePanel('people') },
    { key: 'i', run: () => this.invite() },
  ];
  /** Seats that people left behind when their browser crashed: not shown. */
  readonly #ghosts = new Ghosts(() => this.#await(this.#room.peers.current));
  /** False until we have met the people who were here before us: they aren't announced. */
  #greeted = false;

  constructor(platform: Platform, room: sdk.Room, devices: LocalDevices, { link, hostLink }: Links) {
    this.#platform = platform;
    this.#room = room;
    this.#local = devices;
    this.link = link;
    this.me = you(room.me, devices);
    this.alone = computed(() => this.others.value.length === 0);
    this.notices = new Notices(platform.after);
    this.timeLimit = new TimeLimit(platform);
    this.#subscriptions.on(room.endsAt, (ends) => this.timeLimit.at(ends));
    this.people = new People(room.moderation, this.#subscriptions, hostLink);
    this.screens = new Screens(platform, room, this.others, this.people.allowsScreens, this.notices);
    this.stage = new Stage(this.others, this.me, this.screens, platform.memory);
    this.copied = computed(() => this.notices.shown.value === words.linkCopied);
    this.controls = new ControlsVisibility(platform.after);
    this.layer = platform.address.layer;
    this.leaving = new Leaving(platform.address);
    const [broker, waiting] = [this.#subscriptions.signal(room.signalling), this.#subscriptions.signal(room.waiting)];
    this.absence = computed(() => {
      if (broker.value === 'away') return this.alone.value ? words.lobby.away : words.away;
      return waiting.value ? words.atDoor : null;
    });
    this.permissions = this.#subscriptions.signal(room.permissions);
    this.#subscriptions.on(room.permissions, (now) => this.#allow(now));
    this.sealed = room.signallingEncrypted;
    const strangers = this.#subscriptions.signal(room.strangers);
    const phones = this.#subscriptions.signal(room.phones);
    this.#verified = new VerifiedPeople(platform.memory);
    this.#mismatches = new Mismatches(platform.session, room.name);
    this.warnings = computed(() => {
      const { length } = strangers.value;
      const keyless = length > 0 ? [{ words: words.strangers(length, this.sealed), about: null }] : [];
      const onPhones = phoneWarnings(phones.value, this.others.value);
      return [...keyless, ...onPhones, ...this.others.value.flatMap(warningsAbout)];
    });
    this.lazy = new LazyModels(platform, room, devices, this);
    this.#subscriptions.on(room.peers, (peers) => this.#await(peers));
    this.#subscriptions.add(effect(() => this.#publish()));
    this.#watchFor('microphone');
    this.#watchFor('camera');
    this.#subscriptions.add(effect(() => this.#dropSilent()));
    this.#subscriptions.add(effect(() => this.controls.hold('alone', this.alone.value)));
    this.#subscriptions.add(effect(() => this.controls.hold('strip', this.stage.strip.value)));
    this.#subscriptions.add(effect(() => this.controls.hold('menu', this.menu.value !== null)));
    this.#subscriptions.add(
      effect(() => this.controls.hold('connection', this.connectionShown.value !== null || this.sharing.value)),
    );
  }

  isOn(kind: Kind): boolean {
    return this.#local.isOn(kind);
  }

  async toggle(kind: Kind): Promise<void> {
    if (!this.permissions.peek().has(kind)) {
      this.notices.show(peopleWords.limits(this.permissions.peek()));
      return;
    }
    await this.#local.toggle(kind);
    this.#publish();
    const { problem, state } = this.#local[kind].peek();
    if (problem === 'denied')
      this.openMenu(kind); // which says how to allow it
    else if (problem !== null && state !== 'off') this.notices.show(words.problem([kind], problem, 'call'));
    else this.notices.tell(words.turned(kind, state === 'on'));
  }

  /** Announces when the system takes a device away, and when it gives it back. */
  #watchFor(kind: Kind): void {
    let interrupted = false;
    const end = this.#local[kind].subscribe(({ problem, state }) => {
      if (interrupted === (problem === 'interrupted')) return;
      interrupted = !interrupted;
      this.notices.show(interrupted ? words.problem([kind], 'interrupted') : words.turned(kind, state === 'on'));
    });
    this.#subscriptions.add(end);
  }

  limitVideo(maxHeight: number | null): void {
    this.maxHeight.value = maxHeight;
    this.#room.limitVideo(maxHeight);
  }

  /** Copies the link, and shows the other ways to invite unless they are on the page already. */
  async invite(): Promise<void> {
    const copied = await this.copyLink();
    if (!copied || !this.alone.peek()) this.sharing.value = true;
  }

  /** False if the browser doesn't allow it. */
  async copyLink(): Promise<boolean> {
    const copied = await this.#platform.copy(this.link).then(
      () => true,
      () => false,
    );
    this.notices.show(copied ? words.linkCopied : words.notCopied);
    return copied;
  }

  /** Sends the draft, if there is anybody to read it. */
  say(): void {
    if (!this.alone.peek() && this.permissions.peek().has('chat')) this.lazy.chat.peek()?.send();
  }

  /** Opens a menu in place of the one that was open; null closes it. */
  openMenu(menu: Menu | null): void {
    this.menu.value = menu;
  }

  /** Sends what was dropped or pasted, to this person if it isn't null. Call it while the event runs. */
  takeFiles(items: DataTransferItemList, to: string | null): void {
    if (this.alone.peek()) return;
    this.lazy.takeFiles(items, to);
    this.showPanel('files');
  }

  /** Opens a panel in place of the one that was open; null closes it. */
  showPanel(panel: Panel | null): void {
    this.panel.value = panel;
  }

  togglePanel(panel: Panel): void {
    this.showPanel(this.panel.peek() === panel ? null : panel);
  }

  async copyHostLink(): Promise<void> {
    const { hostLink } = this.people;
    if (hostLink === null) return;
    const copied = await this.#platform.copy(hostLink).then(
      () => true,
      () => false,
    );
    this.notices.show(copied ? peopleWords.linkCopied : hostLink);
  }

  showConnection(id: string | null): void {
    this.connectionShown.value = id;
  }

  /** The emoji were compared with this person, and they match; see {@link Verification.confirm}. */
  confirm(id: string, replace: boolean): void {
    const one = this.#other(id);
    if (one?.verification.confirm(replace) !== true) return;
    this.notices.tell(verificationWords.confirmed(one.name));
  }

  /** Tries again to connect to this person. */
  retry(id: string): void {
    this.#other(id)?.retry();
  }

  /** Hangs up on this person alone. */
  ignore(id: string): void {
    const one = this.#other(id);
    if (one === undefined) return;
    one.ignore();
    this.notices.show(peopleWords.ignored(one.name));
  }

  /** Ends the conversation with this person: leaves the call if there is nobody else. */
  hangUp(id: string): void {
    this.showConnection(null);
    if (this.others.peek().length > 1) this.ignore(id);
    else this.leave();
  }

  leave(): void {
    this.#room.leave();
  }

  /** The keys that do something now. */
  shortcuts(): readonly Shortcut[] {
    return [...this.#shortcuts, ...(this.lazy.view.value?.shortcuts ?? [])].filter(isAllowed);
  }

  /** Handles a keyboard shortcut. Returns whether the key was one. */
  press(key: string): boolean {
    const found = this.shortcuts().find((one) => isFor(one, key));
    if (found === undefined) return false;
    void found.run(key);
    this.controls.stir();
    return true;
  }

  /** The browser blocks sound from this person or screen until somebody clicks. */
  silenced(id: string, play: () => void): void {
    this.silent.value = new Map(this.silent.peek()).set(id, play);
  }

  /** Somebody clicked: starts the sound that was blocked. */
  unsilence(): void {
    if (this.silent.peek().size === 0) return;
    const plays = [...this.silent.peek().values()];
    this.silent.value = new Map();
    for (const play of plays) play();
  }

  /** Deletes what the tab has stored of this call for a reload. */
  forget(): void {
    forgetSent(this.#platform.session, this.#room.name);
    forgetTransfers(this.#platform.session, this.#room.name);
    forgetMismatches(this.#platform.session, this.#room.name);
    this.lazy.files.peek()?.leave();
  }

  end(): void {
    for (const one of this.others.peek()) one.subscriptions.end();
    this.lazy.end();
    this.#ghosts.end();
    this.screens.end();
    this.#subscriptions.end();
    this.notices.end();
    this.timeLimit.end();
    this.controls.end();
    this.leaving.end();
  }

  /** If we may not do everything here, says what we can do. */
  #allow(permissions: sdk.Permissions): void {
    this.#local.allow(permissions);
    const limits = peopleWords.limits(permissions);
    if (limits !== '') this.notices.show(limits);
  }

  #other(id: string): Other | undefined {
    return this.others.peek().find((one) => one.id === id);
  }

  #publish(): void {
    const { cameraFailed = false } = this.#local.media.value;
    this.#room.publish(this.#local.stream.value, { cameraFailed });
  }

  /** Newcomers to a running call are shown once they are connected. */
  #await(peers: readonly sdk.Peer[]): void {
    this.#ghosts.watch(peers);
    const known = new Set(this.others.peek().map((one) => one.id));
    const here = new Set(peers.map((peer) => peer.id));
    for (const id of this.#awaited.keys()) if (!here.has(id)) this.#awaited.delete(id);
    for (const peer of peers) {
      if (!this.#greeted || known.has(peer.id) || this.#awaited.has(peer.id) || isSettled(peer)) continue;
      this.#awaited.set(peer.id, true);
      void firstConnection(peer, this.#platform.after).then(() => {
        this.#awaited.set(peer.id, false);
        if (this.#room.ended.current === null) this.#await(this.#room.peers.current);
      });
    }
    this.#meet(
      peers.filter((peer) => this.#awaited.get(peer.id) !== true && !this.#ghosts.has(peer)),
      peers,
    );
  }

  /** Shows `peers`, of all that are `here`. */
  #meet(peers: readonly sdk.Peer[], here: readonly sdk.Peer[]): void {
    const before = this.others.peek();
    const now = peers.map((peer) => before.find((one) => one.id === peer.id) ?? this.#welcome(peer));
    const gone = before.filter((one) => !now.includes(one)).map((one) => ({ one, name: one.name }));
    this.others.value = now;
    this.lazy.meet(peers);
    for (const { one, name } of gone) {
      this.#seeOut(one);
      if (!here.some(({ id }) => id === one.id)) this.notices.show(words.left(name));
    }
    if (this.#greeted) for (const one of now) if (!before.includes(one)) this.notices.show(words.joined(one.name));
    this.#greeted = true;
  }

  #welcome(peer: sdk.Peer): Other {
    const one = other(peer, this.#verified, this.#mismatches, this.#names, this.maxHeight);
    let lost = false;
    let told: sdk.VerdictCode | null = null;
    one.subscriptions.add(
      one.connection.subscribe(({ state, verdict }) => {
        if (verdict !== null && verdict !== told) void this.#tellVerdict(verdict);
        told = verdict;
        if (state === 'lost') this.notices.tell(words.lostPerson(one.name));
        else if (lost && state !== 'looking') this.notices.show(words.foundPerson(one.name));
        lost = state === 'lost' || (lost && state === 'looking');
      }),
    );
    return one;
  }

  async #tellVerdict(verdict: sdk.VerdictCode): Promise<void> {
    const texts = await verdictTexts().catch(() => null);
    if (texts !== null) this.notices.tell(texts.VERDICTS[verdict].message);
  }

  #seeOut(one: Other): void {
    one.subscriptions.end();
    if (this.connectionShown.peek() === one.id) this.connectionShown.value = null;
  }

  /** Forgets blocked sound of people and screens that are gone. */
  #dropSilent(): void {
    const people = this.others.value.map(({ id }) => id);
    const here = new Set([...people, ...this.screens.shown.value.map(({ key }) => key)]);
    const silent = this.silent.peek();
    const left = new Map([...silent].filter(([id]) => here.has(id)));
    if (left.size < silent.size) this.silent.value = left;
  }
}

function warningsAbout({ id, name, verification }: Other): readonly Warning[] {
  const warning = verificationWords.warning(name, verification.standing.value);
  return warning === null ? [] : [{ words: warning, about: id }];
}
