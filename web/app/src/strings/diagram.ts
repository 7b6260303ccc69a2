import type { ConnectionStatus } from '@eyeline/sdk';

/** Text of the picture of a connection, and of the one on the start page. */
export const diagramWords = {
  note: (state: ConnectionStatus['state']) =>
    ({
      direct: 'the server introduces you, then steps aside',
      relayed: 'the server relays it, still encrypted',
      looking: 'the server introduces you, then steps aside',
      lost: '\u00a0', // keeps its place
    })[state],
  alice: 'Alice',
  bob: 'Bob',
  connection: 'direct · 23 ms',
  broken: 'Alice and Bob, with a broken line between them.',
  described: 'Alice and Bob are connected directly, in 23 ms. The server introduced them, then stepped aside.',
};
