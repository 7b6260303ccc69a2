import { EyelineError, join, type Peer } from '@eyeline/sdk';

const people = document.querySelector<HTMLElement>('#people') ?? document.body;

/** Joins the call that the page's address names: ?server=http://localhost:8000/&room=tea&name=Alice */
async function call(query: URLSearchParams): Promise<void> {
  const room = await join({
    url: query.get('server') ?? 'http://localhost:8000/',
    room: query.get('room') ?? 'tea',
    name: query.get('name') ?? 'Guest',
    stream: await navigator.mediaDevices.getUserMedia({ audio: true, video: true }),
  });
  room.peers.subscribe((peers) => people.replaceChildren(...peers.map(video)));
  addEventListener('pagehide', () => room.leave());
}

function video({ name, stream }: Peer): HTMLVideoElement {
  return Object.assign(document.createElement('video'), { autoplay: true, title: name, srcObject: stream });
}

call(new URLSearchParams(location.search)).catch((error: unknown) => {
  people.textContent = error instanceof EyelineError ? `${error.code}: ${error.message}` : String(error);
});
