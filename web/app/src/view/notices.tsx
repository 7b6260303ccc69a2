import { Clock, ShieldAlert, Unplug, Volume2, X } from 'lucide';
import type { ComponentChildren } from 'preact';
import type { Call } from '../model/call';
import type { Notice, Notices } from '../model/notices';
import { words } from '../strings/strings';
import { verificationWords } from '../strings/verification';
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

/** Notices: shown next to the people, and read out from a live region. `children` come last. */
export function NoticesView({ call, children }: { readonly call: Call; readonly children?: ComponentChildren }) {
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
        {call.warnings.value.map(({ words: says, about }) => (
          <span key={says} class={about === null ? 'notice warning' : 'notice warning posted'}>
            <Icon node={ShieldAlert} size={18} />
            <span>{says}</span>
            {about !== null && (
              <button
                type="button"
                class="button quiet small"
                aria-description={says}
                onClick={() => call.showConnection(about)}
              >
                {verificationWords.whatNow}
              </button>
            )}
          </span>
        ))}
      </p>
      {notices.shown.value !== null && (
        <p key={notices.shown.value} class="notice" aria-hidden="true">
          {notices.shown.value}
        </p>
      )}
      {notices.posted.value.map((notice) => (
        <Posted key={notice.words} notice={notice} notices={notices} />
      ))}
      {children}
      <p class="unseen" role="status">
        {notices.heard.value}
      </p>
    </div>
  );
}

/** A notice with a button, or one that stays. It can be closed. */
function Posted({ notice, notices }: { readonly notice: Notice; readonly notices: Notices }) {
  const { words: says, heard = says, action } = notice;
  return (
    <div class="notice posted">
      <span aria-hidden="true">{says}</span>
      {action && (
        <button
          type="button"
          class="button primary small"
          aria-description={heard}
          onClick={() => notices.answer(notice)}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        class="plain"
        aria-label={words.close}
        aria-description={heard}
        onClick={() => notices.dismiss(notice)}
      >
        <Icon node={X} size={20} />
      </button>
    </div>
  );
}
