import type * as sdk from '@eyeline/sdk';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Media, Platform } from '../../platform/platform';
import type { CheckCode } from '../../strings/checks';
import { hasCode, report } from '../page-error';

export const checkKinds = ['camera', 'microphone', 'server', 'stun', 'turn-udp', 'turn-tcp', 'turn-tls'] as const;
export type CheckKind = (typeof checkKinds)[number];

/** `missing`: the server doesn't offer it. `untested`: an earlier test failed. `silent`: nothing was heard so far. */
export interface Finding {
  readonly kind: CheckKind;
  readonly state: 'waiting' | 'running' | 'fine' | 'silent' | 'failed' | 'missing' | 'untested';
  readonly code: CheckCode | null;
  /** How long it took, in milliseconds. */
  readonly ms: number | null;
  /** What was found: the camera's name, your public address, or the round trip. */
  readonly detail: string | null;
}

/** What all findings mean for a call; null until the network was tested. */
export type Outlook = 'no-webrtc' | 'page-error' | 'cut-off' | 'stuck' | 'direct-only' | 'relay-only' | 'well';

type Answer = Pick<Finding, 'state'> & Partial<Pick<Finding, 'code' | 'detail'>>;

/** The level above which a microphone hears something: more than the noise of a quiet room. */
const heardAbove = 0.2;

/** Seconds to wait for the broker to let us in. */
const joinWithin = 8;

/** The test page: tries camera, microphone and every path through the network from this browser. */
export class Checkup {
  readonly findings = signal<readonly Finding[]>(checkKinds.map(waiting));
  readonly running = signal(true);
  readonly outlook: ReadonlySignal<Outlook | null>;
  readonly copied = signal(false);
  /** The report, to be copied by hand if the clipboard is blocked. */
  readonly report = signal<string | null>(null);
  /** Camera and microphone, while they are tested: they stay on for as long as the page is shown. */
  readonly media = signal<Media | null>(null);
  /** The microphone's level, from 0 to 1. */
  readonly level = signal(0);
  readonly #platform: Platform;
  #stop = new AbortController();

  constructor(platform: Platform) {
    this.#platform = platform;
    this.outlook = computed(() => outlookOf(this.findings.value));
    void this.run();
  }

  /** Tests everything from the start. */
  async run(): Promise<void> {
    this.#stop.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.findings.value = checkKinds.map(waiting);
    this.copied.value = false;
    this.report.value = null;
    this.running.value = true;
    await Promise.all([this.#testDevices(stop.signal), this.#testNetwork(stop.signal)]);
    if (!stop.signal.aborted) this.running.value = false;
  }

  async copy(text: string): Promise<void> {
    try {
      await this.#platform.copy(text);
      this.copied.value = true;
    } catch {
      this.report.value = text;
    }
  }

  end(): void {
    this.#stop.abort();
    this.media.peek()?.stop();
    this.media.value = null;
  }

  /** Plays a sound, for the person to hear. */
  async playSound(): Promise<void> {
    const alerts = await this.#platform.alerts().catch(() => null); // the server may be away
    alerts?.play('arrival');
  }

  async #testDevices(stop: AbortSignal): Promise<void> {
    this.media.peek()?.stop();
    const media = this.#platform.sdk.media();
    const started = media.start();
    const found = (kind: 'camera' | 'microphone') => started.then(() => deviceFound(kind, media[kind].current));
    await Promise.all([
      this.#test('camera', stop, () => found('camera')),
      this.#test('microphone', stop, () => found('microphone')),
    ]);
    if (stop.aborted) {
      media.stop();
      return;
    }
    this.media.value = media;
    const end = media.level.subscribe((level) => {
      this.level.value = level;
      if (level > heardAbove) this.#heard();
    });
    stop.addEventListener('abort', end);
  }

  /** The microphone is fine only now. */
  #heard(): void {
    const found = this.findings.peek().find(({ kind }) => kind === 'microphone');
    if (found?.state === 'silent') this.#show({ ...found, state: 'fine' });
  }

  async #testNetwork(stop: AbortSignal): Promise<void> {
    let room: sdk.Room | null = null;
    if (!this.#platform.webrtc) {
      await this.#testWithoutWebrtc(stop);
      return;
    }
    await this.#test('server', stop, async () => {
      const entered = await this.#enter(stop);
      if ('state' in entered) return entered;
      room = entered;
      return { state: 'fine' };
    });
    const servers = (room as sdk.Room | null)?.iceServers.current ?? null;
    for (const kind of ['stun', 'turn-udp', 'turn-tcp', 'turn-tls'] as const) {
      await this.#test(kind, stop, () => this.#probe(kind, servers, stop));
    }
    (room as sdk.Room | null)?.leave();
  }

  async #testWithoutWebrtc(stop: AbortSignal): Promise<void> {
    await this.#test('server', stop, async () =>
      (await this.#platform.answers()) ? { state: 'fine' } : { state: 'failed', code: 'broker-unreachable' },
    );
    for (const kind of ['stun', 'turn-udp', 'turn-tcp', 'turn-tls'] as const) {
      await this.#test(kind, stop, async () => ({ state: 'failed', code: 'no-webrtc' }));
    }
  }

  /** Joins a room that nobody else knows, because the server names its relays only to people who joined. */
  async #enter(stop: AbortSignal): Promise<sdk.Room | Answer> {
    const { sdk, url, random, after } = this.#platform;
    const name = [...random(12)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const lobby = sdk.openLobby({ url, room: `test-${name}` });
    const late = new AbortController();
    const cancel = after(joinWithin, () => late.abort());
    stop.addEventListener('abort', () => late.abort(), { signal: late.signal });
    try {
      return await lobby.join({ name: 'Test', signal: late.signal });
    } catch (error) {
      lobby.leave();
      if (!hasCode(error)) throw error;
      const { code } = error;
      if (code === 'setup-failed') return { state: 'failed', code: 'no-webrtc' }; // an add-on may block it
      if (code !== 'unreachable' && code !== 'aborted') return { state: 'failed', code: 'broker-refused' };
      const pages = !stop.aborted && (await this.#platform.answers());
      return { state: 'failed', code: pages ? 'proxy-no-upgrade' : 'broker-unreachable' };
    } finally {
      cancel();
    }
  }

  async #probe(
    kind: 'stun' | 'turn-udp' | 'turn-tcp' | 'turn-tls',
    servers: readonly sdk.IceServer[] | null,
    stop: AbortSignal,
  ): Promise<Answer> {
    if (servers === null) return { state: 'untested' };
    const offered = servers.flatMap((server) => server.urls.map((url) => ({ ...server, urls: [url] })));
    const server = offered.find(({ urls: [url = ''] }) => kindOf(url) === kind);
    const relays = offered.some(({ urls: [url = ''] }) => url.startsWith('turn'));
    if (server === undefined) return { state: 'missing', code: kind === 'stun' || relays ? null : 'no-relay' };
    const { probeStun, probeTurn } = this.#platform.sdk;
    return kind === 'stun'
      ? stunFound(await probeStun(server.urls[0] ?? '', stop))
      : turnFound(kind, await probeTurn(server, stop));
  }

  /** Shows the progress of a test, unless it was stopped. */
  async #test(kind: CheckKind, stop: AbortSignal, test: () => Promise<Answer>): Promise<void> {
    if (stop.aborted) return;
    this.#show({ ...waiting(kind), state: 'running' });
    const before = this.#platform.now();
    const answer = await test().catch((error: unknown): Answer => {
      if (!stop.aborted) report(error);
      return { state: 'failed', code: 'page-error' };
    });
    if (stop.aborted) return;
    const tested = ['fine', 'silent', 'failed'].includes(answer.state);
    const ms = tested ? this.#platform.now() - before : null;
    this.#show({ ...waiting(kind), ...answer, ms });
  }

  #show(finding: Finding): void {
    this.findings.value = this.findings.peek().map((old) => (old.kind === finding.kind ? finding : old));
  }
}

function waiting(kind: CheckKind): Finding {
  return { kind, state: 'waiting', code: null, ms: null, detail: null };
}

function kindOf(url: string): CheckKind | null {
  if (url.startsWith('stun:')) return 'stun';
  if (url.startsWith('turns:')) return 'turn-tls';
  if (url.startsWith('turn:')) return url.endsWith('transport=tcp') ? 'turn-tcp' : 'turn-udp';
  return null;
}

const deviceCodes = {
  denied: 'refused',
  missing: 'missing',
  busy: 'busy',
  interrupted: 'busy',
  unknown: 'failed',
} as const;

function deviceFound(kind: 'camera' | 'microphone', { state, problem, label }: sdk.Device): Answer {
  if (state === 'on') return { state: kind === 'camera' ? 'fine' : 'silent', detail: label };
  if (problem === 'insecure') return { state: 'failed', code: 'insecure-page' };
  return { state: 'failed', code: `${kind}-${deviceCodes[problem ?? 'unknown']}` };
}

function stunFound(answer: sdk.StunAnswer): Answer {
  if (answer.found === 'silent') return { state: 'failed', code: 'stun-silent' };
  return { state: 'fine', detail: answer.address };
}

function turnFound(kind: 'turn-udp' | 'turn-tcp' | 'turn-tls', answer: sdk.TurnAnswer): Answer {
  switch (answer.found) {
    case 'passes':
      return { state: 'fine', detail: String(Math.round(answer.roundTripMs)) };
    case 'refused':
      return { state: 'failed', code: 'turn-refused' };
    case 'no-data':
      return { state: 'failed', code: 'turn-no-data' };
    case 'silent':
      return { state: 'failed', code: `${kind}-blocked` };
  }
}

function outlookOf(findings: readonly Finding[]): Outlook | null {
  const network = findings.filter(({ kind }) => kind !== 'camera' && kind !== 'microphone');
  if (network.some(({ state }) => state === 'waiting' || state === 'running')) return null;
  const codes = new Set(network.map(({ code }) => code));
  if (codes.has('no-webrtc')) return 'no-webrtc';
  if (codes.has('page-error')) return 'page-error';
  const fine = new Set(network.filter(({ state }) => state === 'fine').map(({ kind }) => kind));
  if (!fine.has('server')) return 'cut-off';
  const relayed = fine.has('turn-udp') || fine.has('turn-tcp') || fine.has('turn-tls');
  if (fine.has('stun')) return relayed ? 'well' : 'direct-only';
  return relayed ? 'relay-only' : 'stuck';
}
