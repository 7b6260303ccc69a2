import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Address } from '../../platform/platform';

/** While `open`, Back closes this in place of leaving the page. */
export function useBack({ layer }: Pick<Address, 'layer'>, open: boolean, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => (open ? layer(() => latest.current()) : undefined), [layer, open]);
}
