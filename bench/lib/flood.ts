// Sends requests with one bad token at an even rate, several at a time on each connection, and counts the refusals.
import { connect } from 'node:net';

const CONNECTIONS = 32;
/** Short, so that no burst comes of the rate; a loop without rest would take the core from those who measure. */
const TICK_MS = 1;
const REFUSAL = Buffer.from('HTTP/1.1 401 ');

const { url, token, rate } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  token: string;
  rate: number;
};
const { hostname, port, pathname } = new URL(url);
const request = Buffer.from(
  `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
);
let refusals = 0;
let sent = 0;
const sockets = Array.from({ length: CONNECTIONS }, () => {
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(REFUSAL); at !== -1; at = chunk.indexOf(REFUSAL, at + 1)) refusals++;
  });
  return socket;
});
const start = performance.now();
let turn = 0;

setInterval(() => {
  // What cannot be answered is not piled up without end.
  if (sent - refusals > rate / 4) return;
  const due = ((performance.now() - start) / 1000) * rate;
  for (; sent < due; sent++) sockets[turn++ % CONNECTIONS]?.write(request);
}, TICK_MS);

// Whoever waits for the flood waits until it flows.
setTimeout(() => process.send?.('flowing'), 1000);

process.once('message', () => {
  process.send?.(refusals / ((performance.now() - start) / 1000), () => process.exit(0));
});
