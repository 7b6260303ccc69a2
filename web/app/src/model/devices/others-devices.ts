import { effect, type ReadonlySignal, untracked } from '@preact/signals';
import type { Platform } from '../../platform/platform';
import { deviceWords as says } from '../../strings/devices';
import type { Kind } from '../local-devices';
import type { Notices } from '../notices';
import type { Other } from '../person';

/** Seconds that another person's device is away before it's told: it may be replaced at once. */
const awayFor = 2;

/** Whether a device is in use, muted or off, or gone without them having turned it off. */
type State = 'there' | 'off' | 'gone';

interface Options {
  readonly platform: Pick<Platform, 'after'>;
  readonly notices: Notices;
  readonly others: ReadonlySignal<readonly Other[]>;
}

/** Says when somebody's microphone or camera went away, which they may not know, and when it's back. */
export function watchOthers(options: Options): () => void {
  const ends = (['microphone', 'camera'] as const).map((kind) => watch(kind, options));
  return () => {
    for (const end of ends) end();
  };
}

function watch(kind: Kind, { platform, notices, others }: Options): () => void {
  const before = new Map<string, State>();
  const told = new Set<string>();
  const waits = new Map<string, () => void>();
  const follow = (one: Other) => {
    const { id, name } = one;
    const now = stateOf(kind, one);
    const was = before.get(id) ?? 'off';
    before.set(id, now);
    if (now !== 'gone' && told.delete(id) && now === 'there') untracked(() => notices.show(says.back[kind](name)));
    if (now !== 'gone' || was !== 'there') return;
    waits.get(id)?.();
    const cancel = platform.after(awayFor, () => {
      if (before.get(id) !== 'gone' || told.has(id)) return;
      told.add(id);
      notices.show(says.gone[kind](name));
    });
    waits.set(id, cancel);
  };
  const stop = effect(() => {
    for (const one of others.value) follow(one);
    const here = new Set(others.value.map(({ id }) => id));
    for (const id of [...before.keys()]) if (!here.has(id)) before.delete(id);
  });
  return () => {
    stop();
    for (const cancel of waits.values()) cancel();
  };
}

/** A microphone that was turned off is muted; a camera that was turned off is gone, too, but has not failed. */
function stateOf(kind: Kind, { media }: Other): State {
  const { microphone, camera, cameraFailed = false } = media.value;
  if (kind === 'microphone') return microphone === 'none' ? 'gone' : 'there';
  if (camera === 'none') return cameraFailed ? 'gone' : 'off';
  return camera === 'on' ? 'there' : 'off';
}
