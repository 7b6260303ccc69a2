import type { CheckKind, Finding, Outlook } from '../model/start/checkup';
import { CHECKS } from './checks';
import { inOneDigit } from './strings';

const checkNames: { readonly [kind in CheckKind]: string } = {
  camera: 'Camera',
  microphone: 'Microphone',
  server: 'Server',
  stun: 'Direct path (STUN)',
  'turn-udp': 'Relay over UDP',
  'turn-tcp': 'Relay over TCP',
  'turn-tls': 'Relay over TLS',
};

const outlooks: { readonly [outlook in Outlook]: string } = {
  well: 'Calls work from here: directly where they can, else through the relay.',
  'relay-only': 'Calls work from here, but mostly through the relay.',
  'direct-only':
    'Calls work from here where the other network lets a direct path through. There is no relay to help out.',
  stuck: 'Calls only work with people on your own network.',
  'cut-off': 'Calls don’t work from here.',
};

function fine({ kind, detail }: Finding): string {
  if (kind === 'server') return 'It lets you in.';
  if (kind === 'camera' || kind === 'microphone') return detail ?? 'It works.';
  if (kind !== 'stun') return `A message came through and back in ${detail} ms.`;
  return detail === null ? 'Your address is the same outside: no NAT.' : `Outside you are ${detail}.`;
}

function found(finding: Finding): string {
  const { kind, state, code } = finding;
  switch (state) {
    case 'waiting':
      return 'Waiting…';
    case 'running':
      return kind === 'camera' || kind === 'microphone' ? 'Asking your browser…' : 'Testing…';
    case 'fine':
      return fine(finding);
    case 'failed':
      return code === null ? 'It failed.' : CHECKS[code].message;
    case 'missing':
      return code === 'no-relay' ? 'This server offers no relay.' : 'This server does not offer it.';
    case 'untested':
      return 'Not tested: only the server can tell where it is.';
  }
}

const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${inOneDigit(ms / 1000)} s`);

/** What an administrator wants to know, as plain text. */
function report(home: string, findings: readonly Finding[], browser: string, at: Date): string {
  const rows = findings.map((finding) => {
    const { kind, code, ms } = finding;
    const name = `${checkNames[kind]}: ${found(finding)}${ms === null ? '' : ` (${seconds(ms)})`}`;
    return code === null ? name : `${name} [${code}]\n  ${CHECKS[code].operator}`;
  });
  return [`Eyeline test of ${home}, ${at.toISOString()}`, browser, '', ...rows, ''].join('\n');
}

/** Every word of `/test`. */
export const checkup = {
  heading: 'Does it work from here?',
  lead: 'Your camera, your microphone, and every way that a call can take through your network, tried for real.',
  list: 'What was tested',
  name: checkNames,
  found,
  time: seconds,
  outlook: outlooks,
  running: 'Testing…',
  again: 'Test again',
  copy: 'Copy for the administrator',
  copied: 'Copied',
  byHand: 'Your browser did not let us copy. Copy this:',
  report,
};
