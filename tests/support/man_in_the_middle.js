// Mallory, a man in the middle: to each person she poses as the other. She relays everything but the key comparison.
/** The number of connected victims. */
globalThis.fooled = () => [...ends.values()].filter(({ connection }) => connection.connectionState === 'connected').length;
const socket = new WebSocket(new URLSearchParams(location.search).get('broker'));
const ends = new Map(); // by the id of the person on that side
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const raw = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const keyIn = (sdp) => /fingerprint:sha-256 (\S+)/.exec(sdp)[1].replaceAll(':', '').toLowerCase();
const ufragIn = (sdp) => /ice-ufrag:(\S+)/.exec(sdp)[1];
const hash = async (purpose, nonce, keys) => {
  const label = new TextEncoder().encode(`eyeline ${purpose}\0`);
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.of(...label, ...nonce, ...raw(keys)))));
};

class End {
  link = Date.now() + ends.size;
  candidates = [];
  connection = new RTCPeerConnection();
  channel = this.connection.createDataChannel('eyeline', { negotiated: true, id: 0 });
  nonce = crypto.getRandomValues(new Uint8Array(16));

  constructor(facing, as) {
    Object.assign(this, { facing, as });
    ends.set(facing, this);
    this.connection.createDataChannel('files', { negotiated: true, id: 1 });
    this.channel.onmessage = ({ data }) => void this.heard(data);
    this.channel.onopen = () => void this.commit();
  }

  async say(kind, number, to) {
    await this.connection.setLocalDescription();
    if (this.connection.iceGatheringState !== 'complete')
      await new Promise((done) => {
        this.connection.onicegatheringstatechange = () => this.connection.iceGatheringState === 'complete' && done();
      });
    const { sdp } = this.connection.localDescription;
    const data = { link: this.link, to, about: { description: { kind, number, ufrag: ufragIn(sdp), sdp } } };
    socket.send(JSON.stringify({ to: this.facing, from: this.as, data: JSON.stringify(data) }));
  }

  async take({ kind, sdp }) {
    await this.connection.setRemoteDescription({ type: kind, sdp });
    for (const candidate of this.candidates.splice(0)) await this.add(candidate);
  }

  async add({ candidate, mid, ufrag }) {
    if (this.connection.remoteDescription === null) this.candidates.push({ candidate, mid, ufrag });
    else await this.connection.addIceCandidate({ candidate, sdpMid: mid, usernameFragment: ufrag }).catch(() => {});
  }

  // To the second to join she poses as the first, who commits.
  keys() {
    const [mine, theirs] = [keyIn(this.connection.localDescription.sdp), keyIn(this.connection.remoteDescription.sdp)];
    return this.first ? mine + theirs : theirs + mine;
  }

  step(step) {
    this.channel.send(JSON.stringify({ frame: 'compare', step }));
  }

  async commit() {
    if (this.first) this.step({ step: 'commit', hash: await hash('commit', this.nonce, this.keys()) });
  }

  async heard(text) {
    const { frame, step } = JSON.parse(text);
    if (frame !== 'compare') ends.get(this.as)?.channel.send(text);
    else if (step.step === 'commit') this.step({ step: 'nonce', nonce: hex(this.nonce) });
    else if (step.step === 'nonce') this.step({ step: 'reveal', nonce: hex(this.nonce) });
  }
}

let work = Promise.resolve();
socket.onmessage = ({ data }) => {
  work = work.then(() => divert(JSON.parse(data))).catch((error) => console.error(String(error)));
};

async function divert({ from, to, data }) {
  const { link, about } = JSON.parse(data);
  if (about.candidate) {
    await ends.get(from)?.add(about.candidate);
  } else if (about.description.kind === 'answer') {
    await ends.get(from)?.take(about.description);
  } else {
    for (const end of ends.values()) end.connection.close(); // of an earlier connection
    ends.clear();
    const second = new End(from, to);
    second.first = true;
    await second.take(about.description);
    await second.say('answer', about.description.number, link);
    const first = new End(to, from);
    for (const kind of ['audio', 'video']) first.connection.addTransceiver(kind);
    await first.say('offer', 1, null);
  }
}
