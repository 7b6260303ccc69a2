import { Clock, ShieldAlert, Unplug, Volume2, X } from 'lucide';
import type { ComponentChildren } from 'preact';
import type { Call } from '../model/call';
import type { Notice, Notices } from '../model/notices';
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

/** A notice with a button, or one that stays: that can be closed, too. */
function Posted({ notice, notices }: { readonly notice: Notice; readonly notices: Notices }) {
  const { words: says, action, stays } = notice;
  return (
    <div class="notice posted">
      <span aria-hidden="true">{says}</span>
      {action && (
        <button
          type="button"
          class="button primary small"
          aria-description={says}
          onClick={() => notices.answer(notice)}
        >
          {action.label}
        </button>
      )}
      {stays && (
        <button
          type="button"
          class="plain"
          aria-label={words.close}
          aria-description={says}
          onClick={() => notices.dismiss(notice)}
        >
          <Icon node={X} size={20} />
        </button>
      )}
    </div>
  );
}
