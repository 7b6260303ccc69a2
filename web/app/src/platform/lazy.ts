/**
 * Lazy loading of a module: once, and again if it failed because the server was away. Firefox repeats the failure for
 * every later import of the same address, so a retry uses a different one, made from the address in its error message.
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
