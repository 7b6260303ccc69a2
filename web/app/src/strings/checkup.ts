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
  well: 'Calls work from here: directly where possible, otherwise through the relay.',
  'relay-only': 'Calls work from here, but mostly through the relay.',
  'direct-only': 'Calls work from here if the other network allows a direct path. There is no relay to fall back on.',
  stuck: 'Calls only work with people on your own network.',
  'no-webrtc': 'Calls don’t work in this browser.',
  'page-error': 'This test failed: that’s our fault, and says nothing about your network.',
  'cut-off': 'Calls don’t work from here.',
};

function fine({ kind, detail }: Finding): string {
  if (kind === 'server') return 'Reachable.';
  if (kind === 'camera' || kind === 'microphone') return detail ?? 'It works.';
  if (kind !== 'stun') return `A test message came back in ${detail} ms.`;
  return detail === null ? 'There is no NAT between you and the server.' : `Your public address is ${detail}.`;
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
    case 'silent':
      return `${finding.detail ?? 'Your microphone'}: nothing heard yet. Say something. If the bar doesn’t move, choose another microphone in your system’s settings.`;
    case 'failed':
      return code === null ? 'It failed.' : CHECKS[code].message;
    case 'missing':
      return code === 'no-relay' ? 'This server offers no relay.' : 'This server doesn’t offer it.';
    case 'untested':
      return 'Not tested: only the server knows where it is.';
  }
}

const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${inOneDigit(ms / 1000)} s`);

/** A report for the administrator, as plain text. */
function report(home: string, findings: readonly Finding[], browser: string, at: Date): string {
  const rows = findings.map((finding) => {
    const { kind, code, ms } = finding;
    const name = `${checkNames[kind]}: ${found(finding)}${ms === null ? '' : ` (${seconds(ms)})`}`;
    return code === null ? name : `${name} [${code}]\n  ${CHECKS[code].operator}`;
  });
  return [`Eyeline test of ${home}, ${at.toISOString()}`, browser, '', ...rows, ''].join('\n');
}

/** All text of `/test`. */
export const checkup = {
  heading: 'Will calls work from here?',
  lead: 'This tests your camera, your microphone, and every path that a call can take through your network.',
  list: 'What was tested',
  name: checkNames,
  found,
  /** What the sign of a row means. */
  state: {
    waiting: 'Waiting',
    running: 'Running',
    fine: 'Works',
    silent: 'Listening',
    failed: 'Failed',
    missing: 'Not offered',
    untested: 'Not tested',
  },
  time: seconds,
  outlook: outlooks,
  seen: 'What others see and hear',
  level: 'Microphone level',
  noPicture: 'No picture',
  sound: 'Play a sound',
  soundHint: 'Nothing heard? Check the volume, and which speaker your system uses.',
  running: 'Testing…',
  again: 'Test again',
  copy: 'Copy for the administrator',
  copied: 'Copied',
  byHand: 'Your browser blocked copying. Copy this:',
  report,
};
