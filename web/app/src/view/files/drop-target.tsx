import type { Call } from '../../model/call';
import type { Files } from '../../model/files/files';
import { fileWords } from '../../strings/files';

/** Says who gets the files that are being dragged over the call. */
export function DropTarget({ call, files }: { readonly call: Call; readonly files: Files }) {
  const receiver = call.others.value.find((one) => one.id === files.to.value);
  const words = call.alone.value ? fileWords.alone : fileWords.drop(receiver?.name ?? fileWords.dropEveryone);
  return <p class="dropping">{call.may.value.has('files') ? words : fileWords.receiveOnly}</p>;
}
