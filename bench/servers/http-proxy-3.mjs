// The competitor of the broker: http-proxy-3 as its documentation shows it, with kept connections and a static header.
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const { port, target, credential } = JSON.parse(process.argv[2]);
const proxy = createProxyServer({
  target,
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  headers: { authorization: `Bearer ${credential}` },
});
proxy.on('error', (_error, _request, response) => response.destroy());
createServer({ keepAliveTimeout: 75_000 }, (request, response) => proxy.web(request, response)).listen(
  port,
  '127.0.0.1',
  () => process.stdout.write('is listening\n'),
);
