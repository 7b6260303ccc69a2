/** The address of a module in the message of an error, unless it is one that was made here. */
const failedAddress = /https?:\S+\.js(?![^\s'")])/;

/**
 * What each `import()` in the built app becomes, in the SDK's code too (see `vite.config.ts`). Firefox repeats a failure
 * for every later import of the same address, so after a failure this tries a different one once, made from the address
 * in the error message. Whoever imports tries again later if that fails too, because the server is away.
 */
export function dynamicImport<T>(load: () => Promise<T>): Promise<T> {
  return load().catch((error: unknown) => {
    const address = failedAddress.exec(String(error))?.[0];
    if (address === undefined) throw error;
    return import(/* @vite-ignore */ `${address}?${Date.now()}`);
  });
}
