import { words } from '@eyeline/app/strings/strings';
import { Icon } from '@eyeline/app/view/ui/icon';
import { X } from 'lucide';
import type { PhoneCall } from '../model/phone-call';
import type { Softphone } from '../model/softphone';
import type { TransferState } from '../model/transfer';
import { phoneWords } from '../strings/phone';
import { RingingCard } from './incoming';

interface Props {
  readonly softphone: Softphone;
  readonly call: PhoneCall;
}

/** What is to be known and done about the call in front, and the calls behind it. */
export function CallNotices({ softphone, call }: Props) {
  const { calls } = softphone;
  const name = softphone.nameOf(call.remote);
  const camera = call.cameraProblem.value;
  const capture = calls.problem.value;
  const told = [
    call.interrupted.value && phoneWords.interrupted,
    call.held.value && phoneWords.held,
    call.heldByThem.value && phoneWords.heldByThem(name),
  ].filter((each) => each !== false);
  return (
    <div class="notices">
      <div class="notice-place" role="status">
        {told.map((each) => (
          <p key={each} class="notice">
            {each}
          </p>
        ))}
      </div>
      {camera !== null && (
        <Closable
          says={phoneWords.cameraProblem(camera)}
          onClose={() => {
            call.cameraProblem.value = null;
          }}
        />
      )}
      {capture !== null && <Closable says={phoneWords.captureProblem(capture)} onClose={() => calls.forget()} />}
      <TransferNotice softphone={softphone} state={calls.transfer.state.value} />
      {calls.waiting.value.map((other) => (
        <div key={other.at} class="notice posted">
          <span>
            <bdi>{softphone.nameOf(other.remote)}</bdi> ·{' '}
            {other.held.value ? phoneWords.held : phoneWords.state(other.state.value)}
          </span>
          <button
            type="button"
            class="button quiet small"
            aria-label={phoneWords.switchTo(softphone.nameOf(other.remote))}
            onClick={() => calls.switchTo(other)}
          >
            {phoneWords.resume}
          </button>
        </div>
      ))}
      {calls.incoming.value.map((other) => (
        <RingingCard key={other.at} softphone={softphone} call={other} />
      ))}
    </div>
  );
}

function TransferNotice({ softphone, state }: { readonly softphone: Softphone; readonly state: TransferState }) {
  const { transfer } = softphone.calls;
  switch (state.is) {
    case 'none':
      return null;
    case 'consulting': {
      const other = state.with;
      if (other === null || other.state.value !== 'established') return null;
      const [one, two] = [softphone.nameOf(state.call.remote), softphone.nameOf(other.remote)];
      return (
        <div class="notice posted">
          <span>{phoneWords.consulting(one)}</span>
          <button type="button" class="button primary small" onClick={() => transfer.complete()}>
            {phoneWords.complete(one, two)}
          </button>
        </div>
      );
    }
    case 'asking':
      return (
        <p class="notice" role="status">
          {phoneWords.asking(softphone.nameOf(state.to))}
        </p>
      );
    case 'done':
      return <Closable says={phoneWords.transferred(softphone.nameOf(state.to))} onClose={() => transfer.forget()} />;
    case 'failed':
      return (
        <Closable says={phoneWords.notTransferred(softphone.nameOf(state.to))} onClose={() => transfer.forget()} />
      );
  }
}

/** Words that stay until they are closed. */
export function Closable({ says, onClose }: { readonly says: string; readonly onClose: () => void }) {
  return (
    <div class="notice posted">
      <span role="alert">{says}</span>
      <button type="button" class="plain" aria-label={words.close} aria-description={says} onClick={onClose}>
        <Icon node={X} size={20} />
      </button>
    </div>
  );
}
