import type { ComponentChildren, Ref } from 'preact';
import type { Files } from '../../model/files/files';
import { fileWords } from '../../strings/files';

interface Props {
  readonly files: Files;
  readonly class: string;
  readonly disabled: boolean;
  /** Runs when files are about to be sent, before they are. */
  readonly onChoose?: () => void;
  readonly inputRef?: Ref<HTMLInputElement>;
  /** What the button shows. */
  readonly children: ComponentChildren;
}

/** A button that chooses files and sends them. */
export function ChooseFiles({ files, class: looks, disabled, onChoose, inputRef, children }: Props) {
  const choose = async () => {
    onChoose?.();
    await files.choose();
  };
  return (
    <label class={`${looks} sending-files`} aria-disabled={disabled} title={fileWords.choose}>
      {children}
      <input
        ref={inputRef ?? null}
        type="file"
        class="unseen"
        aria-label={fileWords.choose}
        multiple
        disabled={disabled}
        onClick={(event) => {
          if (!files.keeps) return;
          event.preventDefault(); // our own picker returns handles
          void choose();
        }}
        onChange={(event) => {
          onChoose?.();
          void files.send([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = ''; // so that the same file can be chosen again
        }}
      />
    </label>
  );
}
