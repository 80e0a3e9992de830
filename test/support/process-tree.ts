import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type Identity, type ProcessInfo, processInfo } from '../../src/stack/processes.ts';

/** This process and everything below it, from /proc. */
export function processTree(root: number): ProcessInfo[] {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const infos = all.flatMap(name => processInfo(Number(name)) ?? []);
  const found = new Set([root]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of infos) if (found.has(parent)) found.add(pid);
  }
  return infos.filter(({ pid }) => found.has(pid));
}

/** The TCP ports on which these processes listen. */
export function listeningPorts(processes: Identity[]): number[] {
  const sockets = new Set(processes.flatMap(({ pid }) => socketsOf(pid)));
  return listeners().flatMap(({ port, inode }) => (sockets.has(inode) ? [port] : []));
}

/** The TCP ports on which anybody listens. */
export function takenPorts(): Set<number> {
  return new Set(listeners().map(({ port }) => port));
}

function socketsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap(
      fd => /socket:\[(\d+)\]/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [],
    );
  } catch {
    // It has ended.
    return [];
  }
}

/** proc_pid_net(5): the second column is address:port in hex, the fourth the state (0A listens), the tenth the inode. */
function listeners(): { port: number; inode: string }[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file =>
    readFileSync(file, 'utf8').split('\n').slice(1),
  );
  return lines.flatMap(line => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== '0A' || local === undefined || inode === undefined) return [];
    return [{ port: Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), inode }];
  });
}
