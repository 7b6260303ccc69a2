import { Mark } from '@eyeline/app/view/ui/mark';
import { useEffect, useState } from 'preact/hooks';
import type { PhoneCall } from '../model/phone-call';
import { duration, phoneWords } from '../strings/phone';

/** How the call goes: its path, its round trip and its duration. */
export function Badge({ call }: { readonly call: PhoneCall }) {
  const path = call.path.value;
  const since = call.since.value;
  const [, tick] = useState(0);
  useEffect(() => {
    if (since === null) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [since]);
  if (since === null) return null;
  const connection = call.interrupted.value ? 'lost' : path === null ? 'looking' : path.relayed ? 'relayed' : 'direct';
  return (
    <p class="pill badge" data-connection={connection}>
      <Mark connection={connection} />
      <span class="badge-words">
        {path !== null && (
          <>
            <span class="badge-state">{path.relayed ? phoneWords.relayed : phoneWords.direct}</span>{' '}
            <span class="badge-more">{phoneWords.roundTrip(path.roundTripMs)}</span>{' '}
          </>
        )}
        <span class="call-time" role="timer">
          {duration(Math.max(0, Math.floor((Date.now() - since) / 1000)))}
        </span>
      </span>
    </p>
  );
}
