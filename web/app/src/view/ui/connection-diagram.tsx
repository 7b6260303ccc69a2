import type { ConnectionStatus } from '@eyeline/sdk';
import { diagramWords } from '../../strings/diagram';

interface End {
  readonly name: string;
  readonly address: string;
}

/** The whole system in one picture: two people, the connection between them, and the server that steps aside. */
export function ConnectionDiagram(props: {
  readonly mine: End;
  readonly theirs: End;
  readonly state: ConnectionStatus['state'];
  readonly label: string;
  /** Makes it a picture with this description; without, screen readers read what is in it. */
  readonly described?: string;
}) {
  const { mine, theirs, state, label, described } = props;
  return (
    <div
      class="between"
      data-connection={state}
      {...(described !== undefined && { role: 'img', 'aria-label': described })}
    >
      <p class="between-note">{diagramWords.note(state)}</p>
      <svg class="between-arc" viewBox="0 0 200 100" preserveAspectRatio="none" aria-hidden="true">
        <path d="M0 100C8 36 48 0 100 0s92 36 100 100" vector-effect="non-scaling-stroke" />
      </svg>
      <span class="between-server" />
      <Figure end={mine} kind="ring" />
      <p class="between-line">
        <span class="between-label">{label}</span>
      </p>
      <Figure end={theirs} kind="dot" />
    </div>
  );
}

function Figure({ end, kind }: { readonly end: End; readonly kind: 'ring' | 'dot' }) {
  const [, host = end.address, port = ''] = /^(.*?)(:\d+)?$/.exec(end.address) ?? [];
  return (
    <p class="figure" data-kind={kind}>
      <svg class="figure-face" viewBox="0 0 64 64" aria-hidden="true">
        <circle class="figure-ground" cx="32" cy="32" r="30.5" />
        <circle class="figure-body" cx="32" cy="24.5" r="8.5" />
        <path class="figure-body" d="M15 50a17 14.5 0 0 1 34 0z" />
      </svg>
      <strong class="figure-name">{end.name}</strong>
      <span class="figure-address">
        {host}
        {port !== '' && <wbr />}
        {port}
      </span>
    </p>
  );
}
