import type { ConnectionStatus } from '@eyeline/sdk';

/** Text of the picture of a connection, and of the one on the start page. */
export const diagramWords = {
  note: (state: ConnectionStatus['state']) =>
    state === 'relayed' ? 'the server relays it, still encrypted' : 'the server introduces you, then steps aside',
  alice: 'Alice',
  bob: 'Bob',
  line: 'direct · 23 ms',
  described: 'Alice and Bob are connected directly, in 23 ms. The server introduced them, then stepped aside.',
};
