/** Calls `listener` when the network changes or comes back, until `signal` aborts. */
export function onNetworkChange(listener: () => void, signal: AbortSignal): void {
  globalThis.addEventListener?.('online', listener, { signal });
  const network = networkInformation(globalThis.navigator);
  let type = network?.type;
  const change = (): void => {
    if (network?.type === type) return; // only the estimated bandwidth changed
    type = network?.type;
    listener();
  };
  network?.addEventListener('change', change, { signal });
}

/** The Network Information API, which some browsers lack. */
function networkInformation(navigator: Navigator | undefined): (EventTarget & { readonly type?: string }) | undefined {
  const connection: unknown = navigator === undefined ? undefined : Reflect.get(navigator, 'connection');
  return connection instanceof EventTarget ? connection : undefined;
}
