import type { DeviceKind } from './device.ts';

/** The user's permission to use a device; `unknown` where the browser doesn't tell. */
export type DevicePermission = PermissionState | 'unknown';

export async function permissionOf(kind: DeviceKind): Promise<DevicePermission> {
  return (await query(kind))?.state ?? 'unknown';
}

/** Calls `granted` each time the user grants the permission later, until `signal` aborts. */
export async function watchPermission(kind: DeviceKind, granted: () => void, signal: AbortSignal): Promise<void> {
  const status = await query(kind);
  if (status === null || signal.aborted) return;
  // Browsers may drop a status without listeners, so this closure keeps it.
  status.addEventListener?.('change', () => status.state === 'granted' && granted(), { signal });
}

async function query(kind: DeviceKind): Promise<PermissionStatus | null> {
  try {
    return await navigator.permissions.query({ name: kind as PermissionName });
  } catch {
    return null;
  }
}
