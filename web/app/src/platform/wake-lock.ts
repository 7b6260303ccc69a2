/** Wake lock. Browsers release it when the page is hidden, so it's requested again when the page is visible. */
export function stayAwake(): (awake: boolean) => void {
  let wanted = false;
  let lock: Promise<WakeLockSentinel | null> = Promise.resolve(null);
  const follow = () => {
    lock = lock.then(async (held) => {
      if (wanted && (held === null || held.released)) return (await navigator.wakeLock?.request('screen')) ?? null;
      if (!wanted) await held?.release();
      return wanted ? held : null;
    });
    lock = lock.catch(() => null); // low battery, or the page is hidden
  };
  document.addEventListener('visibilitychange', follow);
  return (awake) => {
    if (awake === wanted) return;
    wanted = awake;
    follow();
  };
}
