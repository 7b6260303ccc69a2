import { initials } from '@eyeline/app/model/name';
import { Icon } from '@eyeline/app/view/ui/icon';
import { Phone as PhoneIcon, PhoneOff, Video } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { PhoneCall } from '../model/phone-call';
import type { Softphone } from '../model/softphone';
import { phoneWords } from '../strings/phone';
import { Closable } from './call-notices';

interface Props {
  readonly softphone: Softphone;
  readonly call: PhoneCall;
}

/** Somebody calls, and there is no other call. The focus is on no button, so that a key pressed by chance answers nothing. */
export function Incoming({ softphone, call }: Props) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => ref.current?.focus(), []);
  const name = softphone.nameOf(call.remote);
  const problem = softphone.calls.problem.value;
  return (
    <section ref={ref} class="call ringing" role="alertdialog" aria-label={phoneWords.incoming(name)} tabIndex={-1}>
      <div class="ringing-who">
        <span class="ringing-face" aria-hidden="true">
          {initials(name)}
        </span>
        <h1 class="title">
          <bdi>{name}</bdi>
        </h1>
        <p class="secondary">
          {call.remote.uri.replace('sip:', '')} · {phoneWords.offers(call.offersVideo)}
        </p>
        {problem !== null && (
          <Closable says={phoneWords.captureProblem(problem)} onClose={() => softphone.calls.forget()} />
        )}
      </div>
      <div class="ringing-ways">
        <Big name={phoneWords.decline} icon={PhoneOff} kind="decline" onClick={() => call.decline('declined')} />
        <Big
          name={phoneWords.answer}
          icon={PhoneIcon}
          kind="answer"
          onClick={() => void softphone.calls.answer(call, false)}
        />
        <Big
          name={phoneWords.answerWithVideo}
          icon={Video}
          kind="answer"
          onClick={() => void softphone.calls.answer(call, true)}
        />
      </div>
    </section>
  );
}

function Big(props: {
  readonly name: string;
  readonly icon: typeof Video;
  readonly kind: 'answer' | 'decline';
  readonly onClick: () => void;
}) {
  return (
    <button type="button" class="ringing-way" data-kind={props.kind} onClick={props.onClick}>
      <span class="ringing-icon">
        <Icon node={props.icon} size={26} />
      </span>
      {props.name}
    </button>
  );
}

/** Somebody calls while there is another call. */
export function RingingCard({ softphone, call }: Props) {
  const name = softphone.nameOf(call.remote);
  return (
    <div class="notice posted ringing-card" role="alertdialog" aria-label={phoneWords.incoming(name)}>
      <span role="alert">
        <bdi>{phoneWords.incoming(name)}</bdi> · <bdi>{call.remote.uri.replace('sip:', '')}</bdi>
      </span>
      <button type="button" class="button quiet small" onClick={() => call.decline('declined')}>
        {phoneWords.decline}
      </button>
      <button type="button" class="button primary small" onClick={() => void softphone.calls.answer(call, false)}>
        {phoneWords.holdAndAnswer}
      </button>
    </div>
  );
}
