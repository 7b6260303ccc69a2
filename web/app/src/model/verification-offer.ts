import { computed, effect, signal, untracked } from '@preact/signals';
import type { Memory } from '../platform/platform';
import { verificationPanelWords } from '../strings/panels';
import type { Call } from './call';
import type { Other } from './person';

/** Seconds after which it is offered: first people say hello. */
const after = 20;

/** Seconds that it's shown; from then on the badge is the way there. */
const shown = 15;

/** Letters of the name that it shows: the picture must stay in sight on a phone. */
const longest = 20;

const key = 'eyeline:verification-offered';

/**
 * Offers to compare the emoji with somebody, once in this browser: few people find it by themselves. Never over an open
 * panel or a screen that fills the page.
 */
export function offerVerification(
  call: Call,
  memory: Memory,
  wait: (seconds: number, run: () => void) => () => void,
): () => void {
  if (memory.get(key) !== null) return () => {};
  let cancel = () => {};
  let withdraw = () => {};
  const due = signal<Other | null>(null);
  const unverified = computed(() =>
    call.others.value.find(({ verification }) => verification.standing.value.is === 'unverified'),
  );
  const covered = computed(
    () => call.panel.value !== null || call.screens.viewed.value !== null || call.connectionShown.value !== null,
  );
  const stopWaiting = effect(() => {
    const someone = unverified.value;
    cancel();
    due.value = null;
    if (someone === undefined || memory.get(key) !== null) return;
    cancel = wait(after, () => {
      due.value = someone;
    });
  });
  const offer = (someone: Other) =>
    call.notices.post({
      words: verificationPanelWords.offer(short(someone.name)),
      heard: verificationPanelWords.offer(someone.name),
      action: { label: verificationPanelWords.compare, run: () => call.showConnection(someone.id) },
      stays: shown,
    });
  const stopOffering = effect(() => {
    const someone = due.value;
    if (someone === null || covered.value) {
      withdraw();
    } else if (memory.get(key) === null) {
      memory.set(key, 'yes');
      withdraw = untracked(() => offer(someone));
    }
  });
  return () => {
    stopWaiting();
    stopOffering();
    cancel();
  };
}

function short(name: string): string {
  const letters = [...name];
  return letters.length > longest
    ? `${letters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`
    : name;
}
