import { useLayoutEffect, useRef } from 'preact/hooks';
import { peoplePanelWords } from '../../strings/panels';

interface Props {
  /** What happens, in words. */
  readonly yes: string;
  /** Yes can't be chosen now. */
  readonly disabled: boolean;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

/** Two buttons that ask again before something that can't be undone. The focus is on Cancel. */
export function Sure({ yes, disabled, onYes, onNo }: Props) {
  const no = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => no.current?.focus(), []); // before anybody can press a key
  return (
    <div class="knock-ways">
      <button ref={no} type="button" class="button quiet small" onClick={onNo}>
        {peoplePanelWords.cancel}
      </button>
      <button
        type="button"
        class="button quiet small danger"
        aria-disabled={disabled}
        onClick={() => disabled || onYes()}
      >
        {yes}
      </button>
    </div>
  );
}
