/** Redis or Valkey with everything on disk, loopback alone. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createPart, type Part, type PartContext } from './part.ts';
import { findRedis } from './redis-program.ts';

type Options = PartContext & { port: number; install: 'auto' | 'never' };

/** A large append-only file takes its time to load. */
const START_TIMEOUT_MS = 60_000;
const PING_TIMEOUT_MS = 1_000;

export async function embeddedRedis(options: Options): Promise<{ part: Part; redisUrl: string }> {
  const { dataDir, port, env } = options;
  const command = await findRedis(options);
  const folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const part = createPart({
    context: options,
    name: 'Redis',
    address: `127.0.0.1:${port}`,
    command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env,
    cwd: folder,
    logFile: join(dataDir, 'logs', 'redis.log'),
    stopSignal: 'SIGTERM',
    answers: () => answersPing(port),
    timeoutMs: START_TIMEOUT_MS,
  });
  await part.start();
  return { part, redisUrl: `redis://127.0.0.1:${port}` };
}

/** While it loads its file Redis answers -LOADING. */
function answersPing(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'));
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .setTimeout(PING_TIMEOUT_MS, () => done(false))
      .once('error', () => done(false))
      .once('close', () => resolve(false))
      .once('data', data => done(data.toString().startsWith('+PONG')));
  });
}
