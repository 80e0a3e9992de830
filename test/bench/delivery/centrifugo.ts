/** Centrifugo, built from the module that docker/centrifugo/go.mod pins; kept for the user, as Temporal is. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../src/stack/ports.ts';
import { findPrograms, isProgram, runProgram } from '../../../src/stack/programs.ts';
import { cacheFolder } from '../../../src/stack/temporal-program.ts';
import { guardian, stack } from '../../support/stack.ts';
import type { Contender } from './contender.ts';
import { redisPid } from './parley.ts';
import { startServer } from './server.ts';

const MODULE_FOLDER = fileURLToPath(new URL('../../../docker/centrifugo/', import.meta.url));
const MODULE = 'github.com/centrifugal/centrifugo/v6';
const BUILD_TIMEOUT_MS = 20 * 60_000;
const SETTINGS = {
  CENTRIFUGO_ENGINE_TYPE: 'redis',
  CENTRIFUGO_CLIENT_INSECURE: 'true',
  CENTRIFUGO_CLIENT_CONNECTION_LIMIT: '0',
  CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT: 'true',
  CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_PUBLISH_FOR_CLIENT: 'true',
  CENTRIFUGO_LOG_LEVEL: 'error',
};

function pinnedVersion(): string {
  return /centrifugo\/v6 (v[\d.]+)/.exec(readFileSync(join(MODULE_FOLDER, 'go.mod'), 'utf8'))![1]!;
}

/** Two processes of Centrifugo with its Redis engine, without history: nothing is kept, which is its cheapest way. */
export const createCentrifugo = (): Contender => ({
  name: 'Centrifugo',
  dialect: 'centrifugo',
  settings: [
    `${pinnedVersion()}, JSON protocol, no history`,
    Object.entries(SETTINGS)
      .map(([name, value]) => `${name.replace('CENTRIFUGO_', '')}=${value}`)
      .join(' '),
  ],
  async start() {
    const { redisUrl } = await stack();
    const program = await findCentrifugo();
    const ports = await freePorts(2);
    const servers = await Promise.all(
      ports.map(port =>
        startServer({
          program,
          args: [],
          port,
          env: {
            ...SETTINGS,
            CENTRIFUGO_HTTP_SERVER_ADDRESS: '127.0.0.1',
            CENTRIFUGO_HTTP_SERVER_PORT: String(port),
            CENTRIFUGO_ENGINE_REDIS_ADDRESS: redisUrl,
          },
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

async function findCentrifugo(): Promise<string> {
  const kept = join(
    cacheFolder(process.env),
    `centrifugo-${pinnedVersion()}-${process.platform}-${process.arch}`,
  );
  if (isProgram(kept)) return kept;
  const [go] = findPrograms(process.env, 'go');
  if (go === undefined) throw new Error('there is no Go to build Centrifugo with');
  process.stderr.write(`    building Centrifugo ${pinnedVersion()} with Go, this once …\n`);
  mkdirSync(cacheFolder(process.env), { recursive: true });
  const made = `${kept}.${process.pid}`;
  const { ok, said } = await runProgram(
    go,
    ['build', '-buildvcs=false', '-ldflags=-s -w', '-o', made, MODULE],
    {
      env: process.env,
      cwd: MODULE_FOLDER,
      timeoutMs: BUILD_TIMEOUT_MS,
      guardian: await guardian(),
      stopping: undefined,
    },
  );
  if (!ok) throw new Error(`Centrifugo could not be built: ${said}`);
  renameSync(made, kept);
  return kept;
}
