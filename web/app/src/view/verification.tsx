import { ShieldAlert, ShieldCheck } from 'lucide';
import type { Other } from '../model/person';
import { verificationPanelWords } from '../strings/panels';
import { Icon } from './ui/icon';

interface Props {
  readonly person: Other;
  /** The emoji match. `replace`: forget another key that was verified under this name. */
  readonly onConfirm: (replace: boolean) => void;
  readonly onHangUp: () => void;
}

/** Verification: the four emoji that two people compare, and the answer. */
export function Verification({ person, onConfirm, onHangUp }: Props) {
  const standing = person.verification.standing.value;
  const emoji = 'emoji' in standing ? standing.emoji : null;
  const asks = person.verification.asksToReplace.value;
  const alarming = standing.is === 'failed' || standing.is === 'changed' || standing.is === 'mismatch';
  return (
    <section class="safety" data-standing={standing.is} aria-label={verificationPanelWords.heading(person.name)}>
      <h3 class="safety-title">
        {standing.is === 'verified' && <Icon node={ShieldCheck} size={20} />}
        {alarming && <Icon node={ShieldAlert} size={20} />}
        {standing.is === 'verified'
          ? verificationPanelWords.verified(standing.as)
          : standing.is === 'mismatch'
            ? verificationPanelWords.mismatch
            : verificationPanelWords.heading(person.name)}
      </h3>
      <p class="safety-lead">{verificationPanelWords.lead(person.name, standing)}</p>
      {emoji !== null && (
        <ul class="safety-emoji" aria-label={verificationPanelWords.emoji(emoji.map(([, word]) => word))}>
          {emoji.map(([symbol, word], index) => (
            <li key={index}>
              <span class="safety-symbol" aria-hidden="true">
                {symbol}
              </span>
              {word}
            </li>
          ))}
        </ul>
      )}
      {standing.is === 'verified' && (
        <button type="button" class="button quiet small" onClick={() => person.verification.revoke()}>
          {verificationPanelWords.undo}
        </button>
      )}
      {(standing.is === 'unverified' || standing.is === 'changed') && !asks && (
        <div class="safety-answers">
          <button type="button" class="button quiet small" onClick={() => onConfirm(false)}>
            {verificationPanelWords.match}
          </button>
          <button type="button" class="button quiet small" onClick={() => person.verification.reject()}>
            {verificationPanelWords.differ}
          </button>
        </div>
      )}
      {standing.is === 'mismatch' && (
        <div class="safety-answers">
          <button type="button" class="button quiet small danger" onClick={onHangUp}>
            {verificationPanelWords.hangUp}
          </button>
          <button type="button" class="button quiet small" onClick={() => person.verification.compareAgain()}>
            {verificationPanelWords.again}
          </button>
        </div>
      )}
      {asks && (
        <>
          <p class="safety-lead" role="status">
            {verificationPanelWords.replaces(person.name)}
          </p>
          <button type="button" class="button quiet small" onClick={() => onConfirm(true)}>
            {verificationPanelWords.replace}
          </button>
          <button type="button" class="button primary small" onClick={() => person.verification.keepOther()}>
            {verificationPanelWords.keep}
          </button>
        </>
      )}
    </section>
  );
}
