import { useRef } from 'preact/hooks';
import type { Stage } from '../../model/stage/stage';
import { words } from '../../strings/strings';

/** Covers your small window and moves it: by pointer to any corner, by arrow keys to the next one. */
export function SelfViewDrag({ stage }: { readonly stage: Stage }) {
  const from = useRef({ x: 0, y: 0 });
  const drop = () => stage.dropped();
  return (
    <button
      type="button"
      class="mover"
      aria-label={words.stage.move}
      onPointerDown={(event) => {
        from.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
        stage.dragged(0, 0);
      }}
      onPointerMove={(event) => {
        if (stage.drag.peek() !== null) stage.dragged(event.clientX - from.current.x, event.clientY - from.current.y);
      }}
      onPointerUp={drop}
      onPointerCancel={drop}
      onKeyDown={(event) => {
        if (stage.press(event.key)) event.preventDefault();
      }}
    />
  );
}
