import { ShieldAlert, ShieldCheck } from 'lucide';
import type { Other } from '../model/person';
import { safetyPanelWords } from '../strings/panels';
import { Icon } from './ui/icon';

/** The four emoji that two people compare, and what follows from them. */
export function Safety({ person, onConfirm }: { readonly person: Other; readonly onConfirm: () => void }) {
  const standing = person.trust.standing.value;
  const emoji = 'emoji' in standing ? standing.emoji : null;
  const alarming = standing.is === 'failed' || standing.is === 'changed';
  return (
    <section class="safety" data-standing={standing.is} aria-label={safetyPanelWords.heading}>
      <h3 class="safety-title">
        {standing.is === 'verified' && <Icon node={ShieldCheck} size={20} />}
        {alarming && <Icon node={ShieldAlert} size={20} />}
        {standing.is === 'verified' ? safetyPanelWords.verified : safetyPanelWords.heading}
      </h3>
      <p class="safety-lead">{safetyPanelWords.lead(person.name, standing)}</p>
      {emoji !== null && (
        <ul class="safety-emoji" aria-label={safetyPanelWords.emoji(emoji.map(([, word]) => word))}>
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
        <button type="button" class="button quiet small" onClick={() => person.trust.revoke()}>
          {safetyPanelWords.differ}
        </button>
      )}
      {(standing.is === 'unverified' || standing.is === 'changed') && (
        <button type="button" class="button primary small" onClick={onConfirm}>
          {safetyPanelWords.match}
        </button>
      )}
    </section>
  );
}
