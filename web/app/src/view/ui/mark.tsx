import type { ConnectionStatus } from '@eyeline/sdk';

/** The mark: a ring and a dot joined by a line, in the state of that line. */
export function Mark({ connection = 'direct' }: { readonly connection?: ConnectionStatus['state'] }) {
  return (
    <svg class="mark" data-connection={connection} width="32" height="12" viewBox="0 0 32 12" aria-hidden="true">
      <circle class="mark-ring" cx="6" cy="6" r="4.75" />
      {connection === 'lost' ? (
        <path class="mark-line" d="M11.5 6h3M18 6h3" />
      ) : (
        <path class="mark-line" d="M11 6h10.5" />
      )}
      <circle class="mark-dot" cx="26" cy="6" r="5.5" />
    </svg>
  );
}
