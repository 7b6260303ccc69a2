import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Point, Zooming } from '../../model/stage/zoom';

/** Pixels that an arrow key moves the picture. */
const stride = 60;
/** Pixels of a wheel or a touchpad that double the size. */
const doubling = 140;

const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: stride, y: 0 },
  ArrowRight: { x: -stride, y: 0 },
  ArrowUp: { x: 0, y: stride },
  ArrowDown: { x: 0, y: -stride },
};

/** What the pointer, the wheel and the keys do to the picture in this element. A double click, and Escape, close it. */
export function useZoomInput(ref: RefObject<HTMLElement | null>, zooming: Zooming, close: () => void) {
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => zooming.resized());
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, zooming]);
  const byMouse = useRef(true);
  /** From the middle of the element. */
  const point = ({ clientX, clientY }: MouseEvent): Point => {
    const { x = 0, y = 0, width = 0, height = 0 } = ref.current?.getBoundingClientRect() ?? {};
    return { x: clientX - x - width / 2, y: clientY - y - height / 2 };
  };
  const onTool = ({ target }: Event) => target instanceof Element && target.closest('button') !== null;
  return {
    onPointerDown: (event: PointerEvent) => {
      byMouse.current = event.pointerType === 'mouse';
      if (onTool(event) || event.button !== 0) return;
      ref.current?.setPointerCapture(event.pointerId);
      zooming.down(event.pointerId, point(event));
    },
    onPointerMove: (event: PointerEvent) => zooming.move(event.pointerId, point(event)),
    onPointerUp: (event: PointerEvent) => {
      if (byMouse.current) zooming.cancel(event.pointerId);
      else zooming.up(event.pointerId, event.timeStamp);
    },
    onPointerCancel: (event: PointerEvent) => zooming.cancel(event.pointerId),
    onDblClick: (event: MouseEvent) => {
      if (!onTool(event) && byMouse.current) close();
    },
    onWheel: (event: WheelEvent) => {
      event.preventDefault();
      const at = point(event);
      if (event.ctrlKey) zooming.by(2 ** (-event.deltaY / doubling), at);
      else zooming.by(1, at, { x: at.x - event.deltaX, y: at.y - event.deltaY });
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (!press(event, zooming, close)) keepFocus(event, ref.current);
    },
  };
}

function press(event: KeyboardEvent, zooming: Zooming, close: () => void): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const arrow = arrows[event.key];
  if (event.key === 'Escape') close();
  else if (event.key === '+' || event.key === '=') zooming.by(1.5);
  else if (event.key === '-') zooming.by(1 / 1.5);
  else if (event.key === '0') zooming.reset();
  else if (arrow !== undefined) zooming.by(1, { x: 0, y: 0 }, arrow);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** Tab stays in the dialog. */
function keepFocus(event: KeyboardEvent, dialog: HTMLElement | null): void {
  if (event.key !== 'Tab' || dialog === null) return;
  const { activeElement } = document;
  const buttons = [...dialog.querySelectorAll('button')];
  const [from, to] = event.shiftKey ? [buttons.at(0), buttons.at(-1)] : [buttons.at(-1), buttons.at(0)];
  if (activeElement !== from && !(event.shiftKey && activeElement === dialog)) return;
  event.preventDefault();
  to?.focus();
}
