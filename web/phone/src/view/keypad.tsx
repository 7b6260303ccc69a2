import { words } from '@eyeline/app/strings/strings';
import { useFocusBack } from '@eyeline/app/view/ui/focus-back';
import { Icon } from '@eyeline/app/view/ui/icon';
import { X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { PhoneCall } from '../model/phone-call';
import { phoneWords } from '../strings/phone';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const letters = ['', 'ABC', 'DEF', 'GHI', 'JKL', 'MNO', 'PQRS', 'TUV', 'WXYZ', '', '+', ''];

/** The keypad: sends digits to menus that ask for them. */
export function Keypad({ call, onClose }: { readonly call: PhoneCall; readonly onClose: () => void }) {
  const first = useRef<HTMLButtonElement>(null);
  useFocusBack();
  useEffect(() => first.current?.focus(), []);
  return (
    <section class="panel call-panel keypad" role="dialog" aria-label={phoneWords.keypad}>
      <div class="panel-head">
        <output class="keypad-tones">{call.tones.value}</output>
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      <div class="keypad-keys">
        {keys.map((key, index) => (
          <button
            key={key}
            ref={index === 0 ? first : null}
            type="button"
            class="keypad-key"
            aria-label={phoneWords.keys[key]}
            onClick={() => call.sendTone(key)}
          >
            {key}
            <small aria-hidden="true">{letters[index]}</small>
          </button>
        ))}
      </div>
    </section>
  );
}
