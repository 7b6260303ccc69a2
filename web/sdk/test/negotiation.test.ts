import { expect, test } from 'vitest';
import { Negotiation, type NegotiationEffect } from '../src/connection/negotiation.ts';

const TRANSCRIPTS = import.meta.glob('../../../tests/transcripts/negotiation/*.txt', {
  query: '?raw',
  import: 'default',
  eager: true,
});

function inWords(effect: NegotiationEffect): string {
  switch (effect.do) {
    case 'take':
      return `take ${effect.description.kind} ${effect.description.number}`;
    case 'send':
      return `say ${effect.kind} ${effect.number}`;
    case 'add':
      return `add ${effect.candidate.candidate}`;
    case 'make-offer':
    case 'make-answer':
      return effect.do;
  }
}

function effectsOf(machine: Negotiation, event: string): NegotiationEffect[] {
  const [verb, first = '', second = '', , ufrag = ''] = event.split(' ');
  switch (verb) {
    case 'need':
      return machine.needNegotiation();
    case 'done':
      return machine.done();
    case 'hear':
      return machine.receiveDescription({
        kind: first === 'offer' ? 'offer' : 'answer',
        number: Number(second),
        ufrag,
        sdp: '',
      });
    case 'candidate':
      return machine.receiveCandidate({ ufrag: first.replaceAll('"', ''), candidate: second, mid: '0' });
    default:
      throw new TypeError(`no such event: ${event}`);
  }
}

function step(machine: Negotiation, event: string): string {
  try {
    return effectsOf(machine, event).map(inWords).join(', ') || 'nothing';
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return 'bug';
  }
}

const played = Object.entries(TRANSCRIPTS).map(([path, text]) => ({
  name: path.replace(/^.*\/|\.txt$/g, ''),
  lines: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
}));

test.for(played)('the machine does what the transcript says: $name', ({ lines: [manners, ...lines] }) => {
  expect(['polite', 'impolite']).toContain(manners);
  const machine = new Negotiation(manners === 'polite');
  for (const line of lines) {
    const [event = ''] = line.split(' -> ');
    if (line.startsWith('= ')) expect(`= ${machine.state}`).toBe(line);
    else expect(`${event} -> ${step(machine, event)}`).toBe(line);
  }
});

test('there are transcripts to play', () => {
  expect(played.length).toBeGreaterThan(8);
});

test('at most 64 candidates wait for their description', () => {
  const machine = new Negotiation(true);
  for (let n = 0; n < 80; n++) machine.receiveCandidate({ ufrag: 'a', candidate: String(n), mid: null });
  machine.receiveDescription({ kind: 'offer', number: 1, ufrag: 'a', sdp: '' });

  expect(machine.done().filter((effect) => effect.do === 'add')).toHaveLength(64);
});

test('candidates for an old description take no room from those for the next one', () => {
  const machine = new Negotiation(true);
  for (const ufrag of ['a', 'b']) {
    machine.receiveDescription({ kind: 'offer', number: 1, ufrag, sdp: '' });
    machine.done();
    machine.done();
  }
  for (let n = 0; n < 64; n++) machine.receiveCandidate({ ufrag: 'a', candidate: String(n), mid: null });
  machine.receiveCandidate({ ufrag: 'c', candidate: 'early', mid: null });
  machine.receiveDescription({ kind: 'offer', number: 2, ufrag: 'c', sdp: '' });

  expect(machine.done().map(inWords)).toEqual(['add early', 'make-answer']);
});
