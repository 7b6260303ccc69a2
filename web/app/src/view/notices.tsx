import { Unplug, Volume2 } from 'lucide';
import type { Call } from '../model/call';
import { words } from '../strings';
import { Icon } from './icon';

/** What is going on, in words: for the eye at the top of the stage, for the ear in a live region. */
export function NoticesView({ call }: { readonly call: Call }) {
  const { notices } = call;
  return (
    <div class="notices">
      {call.silent.value.size > 0 && (
        <button type="button" class="button primary hear" onClick={() => call.unsilence()}>
          <Icon node={Volume2} />
          {words.hear}
        </button>
      )}
      <p class="notice-place" role="status">
        {call.broker.value === 'away' && (
          <span class="notice">
            <Icon node={Unplug} size={18} />
            {words.away}
          </span>
        )}
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
