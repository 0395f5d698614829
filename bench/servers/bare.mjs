// The yardstick: what node:http itself needs to answer. Sends the status, headers and body it is given, always.
import { createServer } from 'node:http';

const { port, status, headers, body } = JSON.parse(process.argv[2]);

createServer({ keepAliveTimeout: 75_000 }, (_request, response) => {
  response.writeHead(status, headers);
  response.end(body);
}).listen(port, '127.0.0.1', () => process.stdout.write('is listening\n'));
