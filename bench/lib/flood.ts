// Asks with one bad token at a rate, at the moments at which many independent senders would, and counts the refusals.
import { connect } from 'node:net';

const CONNECTIONS = 32;
const REST_MS = 2;
/** What a sleeping thread is late by, so the last of the time is waited for awake. */
const LATE_MS = 0.05;
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
const bed = new Int32Array(new SharedArrayBuffer(4));
let flowing = false;
let flowedMs = 0;
let last = performance.now();
let next = last;

/** Sends what is due, sleeps until the next is, and looks for answers in between. Timers would make bursts of a whole millisecond. */
function turn(): void {
  const now = performance.now();
  if (!flowing) {
    last = next = now;
    setTimeout(turn, REST_MS);
    return;
  }
  flowedMs += now - last;
  last = now;
  for (; next <= now; next += (-Math.log(1 - Math.random()) * 1000) / rate) {
    // What cannot be answered is not piled up without end.
    if (sent - refusals < rate / 4) sockets[sent++ % CONNECTIONS]?.write(request);
  }
  const nap = next - performance.now() - LATE_MS;
  if (nap > 0) Atomics.wait(bed, 0, 0, nap);
  setImmediate(turn);
}
turn();

process.on('message', (word: 'flow' | 'rest' | 'stop') => {
  flowing = word === 'flow';
  if (word === 'stop') process.send?.(refusals / (flowedMs / 1000), () => process.exit(0));
  else process.send?.(word);
});
