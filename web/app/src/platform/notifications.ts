import type { Notifications } from './platform';

/** Milliseconds in which further notifications of a kind replace the text without a new alert. */
const quiet = 5000;

/** The browser's notifications. */
export function notifications(): Notifications | null {
  // Phones show only those of a service worker.
  if (!('Notification' in window) || !isSecureContext || /Android|iPhone|iPad/.test(navigator.userAgent)) return null;
  const shown = new Map<string, { readonly notification: Notification; readonly at: number }>();
  return {
    allowed: () => Notification.permission === 'granted',
    ask: async () => (await Notification.requestPermission()) === 'granted',
    show({ kind, title, body }, open) {
      const before = shown.get(kind);
      const recent = before !== undefined && Date.now() - before.at < quiet;
      // `renotify` is missing from TypeScript's types.
      const options = { body, tag: `eyeline:${kind}`, renotify: !recent, silent: true };
      const notification = new Notification(title, options);
      notification.onclick = () => {
        window.focus();
        notification.close();
        open();
      };
      shown.set(kind, { notification, at: recent ? before.at : Date.now() });
    },
    clear() {
      for (const { notification } of shown.values()) notification.close();
      shown.clear();
    },
  };
}
