// A complete call on any page. Open it as index.html?server=http://localhost:8000/&room=tea
const query = new URLSearchParams(location.search);
const url = query.get('server') ?? 'http://localhost:8000/';
const { join } = await import(new URL('sdk/eyeline.js', url));
const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
const room = await join({ url, room: query.get('room') ?? 'tea', name: 'Guest', stream });

const videos = new Map();
room.peers.subscribe((peers) => {
  for (const { id, stream: srcObject } of peers.filter((peer) => !videos.has(peer.id)))
    videos.set(id, Object.assign(document.createElement('video'), { autoplay: true, playsInline: true, srcObject }));
  document.querySelector('#people').replaceChildren(...peers.map((peer) => videos.get(peer.id)));
});
room.send('Hello everyone');
room.onMessage((peer, message) => console.log(`${peer.name}: ${message}`));
addEventListener('pagehide', () => room.leave());
