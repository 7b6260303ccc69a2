interface Size {
  readonly width: number;
  readonly height: number;
}
interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** Pixels between a menu and its button, and between a menu and the edge of the window. */
const away = 14;
const edge = 8;

/**
 * Where a menu opens: away from the edge of the window that its button is nearest to, above or below or beside it, and in
 * the middle of the button as far as the window allows. Where there's too little room, it is less high and scrolls.
 */
export function placeMenu(anchor: Box, menu: Size, viewport: Size): Box {
  const below = viewport.height - anchor.y - anchor.height;
  const right = viewport.width - anchor.x - anchor.width;
  const atSide = Math.min(anchor.x, right) < Math.min(anchor.y, below);
  const { width } = menu;
  const tallest = atSide ? viewport.height - 2 * edge : Math.max(anchor.y, below) - away - edge;
  const height = Math.max(0, Math.min(menu.height, tallest));
  const x = atSide ? beyond(anchor.x, anchor.width, width, right) : middle(anchor.x, anchor.width, width);
  const y = atSide ? middle(anchor.y, anchor.height, height) : beyond(anchor.y, anchor.height, height, below);
  return { x: within(x, width, viewport.width), y: within(y, height, viewport.height), width, height };
}

/** On the side of the button with more room. `after` is the room after it. */
function beyond(at: number, button: number, size: number, after: number): number {
  return at > after ? at - away - size : at + button + away;
}

function middle(at: number, button: number, size: number): number {
  return at + (button - size) / 2;
}

function within(at: number, size: number, whole: number): number {
  return Math.max(edge, Math.min(at, whole - size - edge));
}
