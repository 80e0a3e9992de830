/** The tutorial server: FastAPI under uvicorn, Redis pub/sub. Its packages live in a virtual environment of its own. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../src/stack/ports.ts';
import { findPrograms, runProgram } from '../../../src/stack/programs.ts';
import { cacheFolder } from '../../../src/stack/temporal-program.ts';
import { guardian, stack } from '../../support/stack.ts';
import type { Contender } from './contender.ts';
import { redisPid } from './parley.ts';
import { startServer } from './server.ts';

const FOLDER = fileURLToPath(new URL('./tutorial/', import.meta.url));
const REQUIREMENTS = join(FOLDER, 'requirements.txt');
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** Two processes of uvicorn, with its fast loop and parser. */
export const createTutorial = (): Contender => ({
  name: 'tutorial',
  dialect: 'tutorial',
  settings: [
    readFileSync(REQUIREMENTS, 'utf8').trim().split('\n').join(', '),
    'no compression, no access log',
  ],
  async start() {
    const { redisUrl } = await stack();
    const python = await findPython();
    const ports = await freePorts(2);
    const options = ['--log-level', 'warning', '--no-access-log', '--ws-per-message-deflate', 'false'];
    const servers = await Promise.all(
      ports.map(port =>
        startServer({
          program: python,
          args: ['-m', 'uvicorn', 'server:app', '--host', '127.0.0.1', '--port', String(port), ...options],
          port,
          cwd: FOLDER,
          env: { REDIS_URL: redisUrl, PYTHONDONTWRITEBYTECODE: '1' },
        }),
      ),
    );
    return {
      urls: ports.map(port => `http://127.0.0.1:${port}`),
      pids: { servers: servers.map(({ pid }) => pid), redis: [await redisPid()], pipeline: [] },
      async close() {
        await Promise.all(servers.map(({ stop }) => stop()));
      },
    };
  },
});

/** The Python of the environment that holds exactly these packages; made at the first use. */
async function findPython(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(process.env), `tutorial-${hash}`);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  const [system] = findPrograms(process.env, 'python3');
  if (system === undefined) throw new Error('there is no Python for the tutorial server');
  process.stderr.write('    installing the tutorial server, this once …\n');
  await run(system, ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', REQUIREMENTS]);
  writeFileSync(complete, '');
  return python;
}

async function run(program: string, args: string[]) {
  const { ok, said } = await runProgram(program, args, {
    env: process.env,
    timeoutMs: INSTALL_TIMEOUT_MS,
    guardian: await guardian(),
    stopping: undefined,
  });
  if (!ok) throw new Error(`the tutorial server could not be installed: ${said}`);
}
