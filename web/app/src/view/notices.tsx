import { Clock, ShieldAlert, Unplug, Volume2 } from 'lucide';
import type { Call } from '../model/call';
import { words } from '../strings/strings';
import { Icon } from './ui/icon';

/** Autoplay was blocked: a click turns the sound on. */
export function Hear({ call }: { readonly call: Call }) {
  if (call.silent.value.size === 0) return null;
  return (
    <button type="button" class="button primary hear" onClick={() => call.unsilence()}>
      <Icon node={Volume2} />
      {words.hear}
    </button>
  );
}

/** Notices: shown next to the people, and read out from a live region. */
export function NoticesView({ call }: { readonly call: Call }) {
  const { notices } = call;
  const ending = call.timeLimit.words.value;
  return (
    <div class="notices">
      <p class="notice-place" role="status">
        {call.absence.value !== null && (
          <span class="notice">
            <Icon node={Unplug} size={18} />
            {call.absence.value}
          </span>
        )}
        {ending !== null && (
          <span class="notice">
            <Icon node={Clock} size={18} />
            {ending}
          </span>
        )}
      </p>
      <p class="notice-place" role="status">
        {call.warnings.value.map((warning) => (
          <span key={warning} class="notice warning">
            <Icon node={ShieldAlert} size={18} />
            {warning}
          </span>
        ))}
      </p>
      {notices.shown.value !== null && (
        <p key={notices.shown.value} class="notice" aria-hidden="true">
          {notices.shown.value}
        </p>
      )}
      <p class="unseen" role="status">
        {notices.heard.value}
      </p>
    </div>
  );
}
