/** Milliseconds that a reloaded page's lock may take to be released. */
const releaseTime = 2000;

const claims = new Map<string, Promise<boolean>>();

/**
 * Claims the id of a page with a Web Lock, until this page closes. false if another page holds it: a duplicated tab gets
 * a copy of the sessionStorage of a page that is still open.
 */
export function claimPage(id: string): Promise<boolean> {
  const claimed = claims.get(id) ?? claim(id);
  claims.set(id, claimed);
  return claimed;
}

function claim(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), releaseTime);
    const hold = () => {
      clearTimeout(timer);
      resolve(true);
      return new Promise<never>(() => undefined);
    };
    const request = navigator.locks?.request(`eyeline:page:${id}`, { signal: waiting.signal }, hold);
    if (request === undefined) resolve(false);
    else request.catch(() => resolve(false));
  });
}
