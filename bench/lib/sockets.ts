import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes started by this one, at this moment. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);

/**
 * Which of the processes holds the server's end of a connection, by the kernel's own books: the inode of the socket
 * between the two ports, found among the open files of each process.
 */
export function holderOf(clientPort: number, serverPort: number, pids: readonly number[]): number | null {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find(([, local = '', remote = '']) => {
      return local.endsWith(`:${hex(serverPort)}`) && remote.endsWith(`:${hex(clientPort)}`);
    });
  const inode = line?.[9];
  if (inode === undefined) return null;
  return pids.find((pid) => openFilesOf(pid).includes(`socket:[${inode}]`)) ?? null;
}

function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      // Closed between listing and looking.
      return [];
    }
  });
}
