// Runs in every measured page before its own scripts. `bench.result` resolves once the first frame of a remote track
// was presented, with that time and the time of the last click before it; `bench.marks` has a mark for each step. All
// times are in milliseconds since the epoch.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const marks = [];
  const mark = (step) => marks.push([step, now()]);
  const remote = new WeakSet();
  let clicked = null;
  let resolve;
  globalThis.bench = { marks, result: new Promise((done) => (resolve = done)) };
  addEventListener('click', (event) => (clicked = performance.timeOrigin + event.timeStamp), true);

  const Connection = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      mark('connection made');
      super(...args);
      mark('connection is there');
      this.addEventListener('track', ({ track }) => {
        remote.add(track);
        mark('track');
        track.addEventListener('unmute', () => mark(`${track.kind} comes`));
      });
      this.addEventListener('icecandidate', ({ candidate }) => candidate?.candidate && mark(`${candidate.type} found`));
      this.addEventListener('iceconnectionstatechange', () => mark(`ice ${this.iceConnectionState}`));
      this.addEventListener('connectionstatechange', () => mark(this.connectionState));
    }
  };

  const watch = (owner, name, step) => {
    const original = owner[name];
    owner[name] = function (...args) {
      mark(`${step} ...`);
      const answer = original.apply(this, args);
      if (answer instanceof Promise) answer.then(() => mark(step), () => mark(`${step} failed`));
      return answer;
    };
  };
  watch(Connection.prototype, 'setLocalDescription', 'local description');
  watch(Connection.prototype, 'setRemoteDescription', 'remote description');
  watch(Connection.prototype, 'addIceCandidate', 'candidate added');
  if (navigator.mediaDevices) watch(navigator.mediaDevices, 'getUserMedia', 'media');

  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      mark('socket made');
      super(...args);
      this.addEventListener('open', () => mark('socket open'));
      this.addEventListener('message', ({ data }) => mark(`< ${kind(data)}`));
    }

    send(data) {
      mark(`> ${kind(data)}`);
      super.send(data);
    }
  };
  const kind = (data) =>
    /"(offer|answer|candidate)\\*"/i.exec(data)?.[1].toLowerCase() ?? /"type":"(\w+)"/.exec(data)?.[1] ?? 'other';

  const { get, set } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  const watched = new WeakSet();
  const look = (video) => {
    const shown = get.call(video)?.getVideoTracks() ?? [];
    if (!shown.some((track) => remote.has(track))) return video.requestVideoFrameCallback(() => look(video));
    mark('frame');
    mark(`frame of ${video.videoWidth}x${video.videoHeight}`);
    for (const { name, requestStart, responseEnd } of performance.getEntries()) {
      if (responseEnd > 0) marks.push([`< ${new URL(name).pathname.replace(/room-\d+/, '...')}`, performance.timeOrigin + responseEnd]);
      if (requestStart > 0) marks.push([`> ${new URL(name).pathname.replace(/room-\d+/, '...')}`, performance.timeOrigin + requestStart]);
    }
    resolve({ frame: now(), origin: performance.timeOrigin, clicked });
  };
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    get,
    set(stream) {
      set.call(this, stream);
      if (watched.has(this) || !(this instanceof HTMLVideoElement)) return;
      watched.add(this);
      this.requestVideoFrameCallback(() => look(this));
    },
  });
  addEventListener('DOMContentLoaded', () => mark('page parsed'));
  addEventListener('load', () => mark('page loaded'));
})();
