import { connect } from 'node:net';
import type { ServerProcess } from './processes.ts';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const HEAD_END = '\r\n\r\n';

/** Sends or takes so many bytes over one connection of plain sockets. Gives the seconds it took. */
export function transfer(
  server: Pick<ServerProcess, 'port'>,
  wish: {
    readonly path: string;
    readonly token?: string;
    readonly upload: number;
    readonly download: number;
  },
): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    let head: string | null = '';
    let body = 0;
    let left = wish.upload;
    const lines = [
      `${wish.upload > 0 ? 'PUT' : 'GET'} ${wish.path} HTTP/1.1`,
      'Host: bench',
      'Connection: close',
      ...(wish.token === undefined ? [] : [`Authorization: Bearer ${wish.token}`]),
      ...(wish.upload > 0 ? [`Content-Length: ${wish.upload}`] : []),
    ];
    const push = (): void => {
      while (left > 0) {
        const piece = left >= PIECE.length ? PIECE : PIECE.subarray(0, left);
        left -= piece.length;
        if (!socket.write(piece)) return;
      }
    };
    let text = '';
    socket.on('connect', () => {
      socket.write(lines.join('\r\n') + HEAD_END);
      push();
    });
    socket.on('drain', push);
    socket.on('data', (chunk) => {
      if (head === null) {
        body += chunk.length;
        if (wish.upload > 0) text += chunk.toString('latin1');
        return;
      }
      head += chunk.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      if (!/^HTTP\/1\.1 200 /.test(head)) reject(new Error(`answered ${head.slice(0, 200)}`));
      text = head.slice(end + HEAD_END.length);
      body = text.length;
      head = null;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (wish.upload > 0 && text !== String(wish.upload))
        reject(new Error(`Of ${wish.upload} bytes sent, '${text}' came`));
      else if (wish.upload === 0 && body !== wish.download)
        reject(new Error(`Of ${wish.download} bytes ${body} came`));
      else resolve((performance.now() - started) / 1000);
    });
  });
}
