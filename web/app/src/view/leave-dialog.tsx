import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Call } from '../model/call';
import { leavingWords } from '../strings/leaving';

/** Back was pressed in a call. */
export function LeaveDialog({ call }: { readonly call: Call }) {
  const ref = useRef<HTMLDialogElement>(null);
  const stay = () => call.leaving.stay();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close(); // which gives the focus back
  }, []);
  return (
    <dialog
      ref={ref}
      class="leave-dialog"
      aria-labelledby="leave-question"
      onClose={stay}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2 id="leave-question" class="panel-title">
        {leavingWords.question}
      </h2>
      <div class="leave-answers">
        <button type="button" class="button small leave-yes" onClick={() => call.leave()}>
          {leavingWords.leave}
        </button>
        <button type="button" class="button small quiet" autofocus onClick={stay}>
          {leavingWords.stay}
        </button>
      </div>
    </dialog>
  );
}
