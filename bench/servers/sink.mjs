// Takes uploads and says how many bytes came; answers upgrades to a WebSocket and leaves them open.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const { port } = JSON.parse(process.argv[2]);
const server = createServer({ requestTimeout: 0 }, (request, response) => {
  let bytes = 0;
  request.on('data', (chunk) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const text = String(bytes);
    response.writeHead(200, { 'Content-Length': text.length });
    response.end(text);
  });
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.on('error', () => {});
  socket.on('data', (frame) => socket.write(frame));
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
});
server.listen(port, '127.0.0.1', 4096, () => process.stdout.write('is listening\n'));
