import type { Call } from '../../model/call';
import type { Files } from '../../model/files/files';
import { fileWords } from '../../strings/files';
import { type Dragging, personOn } from './drop-and-paste';

interface Props {
  readonly call: Call;
  readonly files: Files;
  readonly dragging: Dragging;
}

/** Says who gets the files that are being dragged over the call: on somebody's tile they are for that person alone. */
export function DropTarget({ call, files, dragging: { tile } }: Props) {
  const to = personOn(tile) ?? files.to.value;
  const receiver = call.others.value.find((one) => one.id === to);
  const words = call.alone.value ? fileWords.alone : fileWords.drop(receiver?.name ?? fileWords.dropEveryone);
  return (
    <p class="dropping" style={tile === null ? {} : placeOf(tile)}>
      {call.permissions.value.has('files') ? words : fileWords.receiveOnly}
    </p>
  );
}

function placeOf(tile: HTMLElement) {
  const { left, top, width, height } = tile.getBoundingClientRect();
  return { inset: 'auto', left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}
