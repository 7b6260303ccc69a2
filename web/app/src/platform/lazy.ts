/**
 * A part of the page that is loaded when it is needed: once, and after it could not be had (the server was away) anew.
 * Firefox answers each later import of the same address with the failure that it had, so that it gets another one; its
 * message names the old one.
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  let address: string | undefined;
  let tries = 0;
  const start = (): Promise<T> => {
    if (address === undefined) return load();
    tries += 1;
    return import(/* @vite-ignore */ `${address}?${tries}`);
  };
  return () => {
    loading ??= start().catch((error: unknown) => {
      loading = null;
      address ??= /https?:\S+\.js/.exec(String(error))?.[0];
      throw error;
    });
    return loading;
  };
}
