// A complete call on any page. Open it as index.html?server=http://localhost:8000/&room=tea
const query = new URLSearchParams(location.search);
const url = query.get('server') ?? 'http://localhost:8000/';
const { join } = await import(new URL('sdk/eyeline.js', url));
const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
const room = await join({ url, room: query.get('room') ?? 'tea', name: 'Guest', stream });

room.peers.subscribe((peers) => {
  const show = (peer) => Object.assign(document.createElement('video'), { autoplay: true, srcObject: peer.stream });
  document.querySelector('#people').replaceChildren(...peers.map(show));
  for (const peer of peers) peer.send(`Hello ${peer.name}`);
});
room.onMessage((peer, message) => console.log(`${peer.name}: ${message}`));
addEventListener('pagehide', () => room.leave());
