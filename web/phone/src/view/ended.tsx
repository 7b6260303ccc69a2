import type { Softphone } from '../model/softphone';
import { phoneWords } from '../strings/phone';
import { Closable } from './call-notices';

/** Why the last call ended, unless we ended it, and what became of a transfer. */
export function Ended({ softphone }: { readonly softphone: Softphone }) {
  const { last, problem, transfer } = softphone.calls;
  const call = last.value;
  const ending = call?.ending.value ?? null;
  const state = transfer.state.value;
  const close = () => {
    softphone.calls.forget();
    transfer.forget();
  };
  const says =
    problem.value !== null
      ? phoneWords.captureProblem(problem.value)
      : state.is === 'done'
        ? phoneWords.transferred(softphone.nameOf(state.to))
        : call !== null && ending !== null && ending.by !== 'us'
          ? phoneWords.ending(ending, softphone.nameOf(call.remote))
          : null;
  if (says === null) return null;
  return (
    <div class="phone-said">
      <Closable says={says} onClose={close} />
    </div>
  );
}
