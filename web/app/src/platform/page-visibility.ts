import { type ReadonlySignal, signal } from '@preact/signals';

/** Whether the page is visible. */
export function seen(): ReadonlySignal<boolean> {
  const shown = signal(!document.hidden);
  document.addEventListener('visibilitychange', () => {
    shown.value = !document.hidden;
  });
  return shown;
}
