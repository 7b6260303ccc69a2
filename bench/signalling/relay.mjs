// The least that a broker on Node can do: what one socket says goes to the one that it named, unread.
// node relay.mjs PORT FOLDER-WITH-NODE_MODULES
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(`${process.argv[3]}/`)('ws');
const sockets = new Map();

new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) }).on('connection', (socket, request) => {
  const asked = new URL(request.url, 'http://localhost').searchParams;
  const to = asked.get('to');
  sockets.set(asked.get('id'), socket);
  socket.on('message', (data) => sockets.get(to)?.send(data, { binary: false }));
  socket.send('{"type":"open"}');
});
