import { computed, effect } from '@preact/signals';
import type { Memory } from '../platform/platform';
import { verificationPanelWords } from '../strings/panels';
import type { Call } from './call';

/** Seconds after which it is offered: first people say hello. */
const after = 20;

const key = 'eyeline:verification-offered';

/** Offers to compare the emoji with somebody, once in this browser: few people find it by themselves. */
export function offerVerification(
  call: Call,
  memory: Memory,
  wait: (seconds: number, run: () => void) => () => void,
): () => void {
  if (memory.get(key) !== null) return () => {};
  let cancel = () => {};
  let withdraw = () => {};
  const unverified = computed(() =>
    call.others.value.find(({ verification }) => verification.standing.value.is === 'unverified'),
  );
  const stop = effect(() => {
    const someone = unverified.value;
    cancel();
    withdraw();
    if (someone === undefined || memory.get(key) !== null) return;
    cancel = wait(after, () => {
      memory.set(key, 'yes');
      withdraw = call.notices.post({
        words: verificationPanelWords.offer(someone.name),
        action: { label: verificationPanelWords.compare, run: () => call.showConnection(someone.id) },
        stays: true,
      });
    });
  });
  return () => {
    stop();
    cancel();
  };
}
