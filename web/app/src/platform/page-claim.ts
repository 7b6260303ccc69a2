/** Milliseconds that a reloaded page's lock may take to be released. */
const releaseTime = 2000;

const claims = new Map<string, Promise<boolean>>();

/**
 * Claims the id of a page with a Web Lock, until this page closes. false if another page holds it: a duplicated tab gets
 * a copy of the sessionStorage of a page that is still open.
 */
export function claimPage(id: string): Promise<boolean> {
  const claim = claims.get(id) ?? request(id);
  claims.set(id, claim);
  return claim;
}

function request(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise<never>(() => undefined);
    };
    const waiting = navigator.locks?.request(`eyeline:page:${id}`, { signal: AbortSignal.timeout(releaseTime) }, hold);
    if (waiting === undefined) resolve(false);
    else waiting.catch(() => resolve(false));
  });
}
