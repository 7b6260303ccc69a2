import { ShieldAlert, ShieldCheck } from 'lucide';
import type { Other } from '../model/person';
import { verificationPanelWords } from '../strings/panels';
import { Icon } from './ui/icon';

/** Verification: the four emoji that two people compare, and the answer. */
export function Verification({ person, onConfirm }: { readonly person: Other; readonly onConfirm: () => void }) {
  const standing = person.verification.standing.value;
  const emoji = 'emoji' in standing ? standing.emoji : null;
  const alarming = standing.is === 'failed' || standing.is === 'changed';
  return (
    <section class="safety" data-standing={standing.is} aria-label={verificationPanelWords.heading}>
      <h3 class="safety-title">
        {standing.is === 'verified' && <Icon node={ShieldCheck} size={20} />}
        {alarming && <Icon node={ShieldAlert} size={20} />}
        {standing.is === 'verified' ? verificationPanelWords.verified : verificationPanelWords.heading}
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
          {verificationPanelWords.differ}
        </button>
      )}
      {(standing.is === 'unverified' || standing.is === 'changed') && (
        <button type="button" class="button primary small" onClick={onConfirm}>
          {verificationPanelWords.match}
        </button>
      )}
    </section>
  );
}
