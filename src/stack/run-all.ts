/** Starts every part in order, keeps the gateways and the worker running, and stops all of it in reverse order. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { buildPage } from '../web/build.ts';
import { watchAncestors } from './ancestors.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import { StackError } from './part.ts';
import { requireFree } from './ports.ts';
import { clearRunning, readRunning, writeRunning } from './running.ts';
import { type Stack, startStack } from './stack.ts';
import { type Supervised, supervise } from './supervisor.ts';

type Run = {
  guardian: Guardian;
  /** What is to be stopped, in reverse order. */
  running: { stop(): Promise<void> }[];
  onFatal(sentence: string): void;
};

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs until it is told to stop, its parent is gone, or a part cannot be had. */
export async function runAll(config: Config, env: NodeJS.ProcessEnv): Promise<void> {
  const other = readRunning(config.dataDir);
  if (other !== undefined) {
    return fail(
      `npm start runs on ${config.dataDir} already (pid ${other.pid}): stop it, or set DATA_DIR to another folder.`,
    );
  }
  writeRunning(config.dataDir, {});
  const guardian = startGuardian();
  const running: Run['running'] = [];
  let starting: Promise<void> = Promise.resolve();
  const sentence = await new Promise<string | undefined>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve(undefined));
    watchAncestors(() => resolve(undefined));
    starting = start(config, env, { guardian, running, onFatal: resolve }).catch((error: unknown) => {
      resolve(
        error instanceof StackError ? error.message : String(error instanceof Error ? error.stack : error),
      );
    });
  });
  if (sentence === undefined) say('stopping …');
  else fail(sentence);
  // What is just being started is waited for, so that it can be stopped.
  await starting;
  for (let part = running.pop(); part; part = running.pop()) await part.stop();
  await guardian.close();
  clearRunning(config.dataDir);
  if (sentence === undefined) say('stopped');
}

function fail(sentence: string) {
  process.stderr.write(`parley: ${sentence}\n`);
  process.exitCode = 1;
}

async function start(config: Config, env: NodeJS.ProcessEnv, { guardian, running, onFatal }: Run) {
  await checkPorts(config);
  const { databaseUrl, redisUrl, temporalAddress, embedded, temporalUiPort } = config;
  const stack = await startStack({
    dataDir: config.dataDir,
    given: { databaseUrl, redisUrl, temporalAddress },
    ports: { ...embedded, temporalUi: temporalUiPort },
    install: config.install,
    report: say,
    guardian,
  });
  running.push(stack);
  if (stack.temporalUiUrl) say(`UI         ${stack.temporalUiUrl}`);
  await buildPage();
  const shared = environmentOf(stack, config);
  const supervised: Supervised[] = [];
  const run = (name: string, entry: string, own: Record<string, string>) => {
    const logFile = join(config.dataDir, 'logs', `${name}.log`);
    const part = supervise({
      name,
      entry,
      env: { ...env, ...shared, ...own },
      logFile,
      guardian,
      report: say,
      onFatal,
    });
    supervised.push(part);
    running.push(part);
  };
  run('worker', 'worker.ts', { WORKER_ID: 'worker-1', WORKER_ADMIN_PORT: String(config.workerAdminPort) });
  for (let i = 0; i < config.gatewayProcesses; i += 1) {
    run(`gateway-${i + 1}`, 'gateway.ts', {
      PORT: String(config.port + i),
      ADMIN_PORT: String(config.adminPort + i),
    });
  }
  void Promise.all(supervised.map(({ ready }) => ready)).then(() => {
    const pageUrl = `${config.tls ? 'https' : 'http'}://${config.host}:${config.port}/`;
    writeRunning(config.dataDir, { ...shared, ...authOf(env) }, pageUrl);
    say(`ready ${pageUrl}`);
  });
}

function environmentOf(stack: Stack, config: Config): Record<string, string> {
  const { databaseUrl, redisUrl, temporalAddress, temporalUiUrl } = stack;
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_UI_PORT: String(config.temporalUiPort),
    ...(temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalUiUrl }),
  };
}

function authOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['AUTH_MODE', 'AUTH_SECRET', 'AUTH_JWKS_URL'];
  return Object.fromEntries(names.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]])));
}

async function checkPorts(config: Config) {
  const { host, embedded } = config;
  const loopback = '127.0.0.1';
  for (let i = 0; i < config.gatewayProcesses; i += 1) {
    await requireFree(config.port + i, host, 'the page and its sockets', 'PORT');
    await requireFree(config.adminPort + i, loopback, "a gateway's metrics", 'ADMIN_PORT');
  }
  await requireFree(config.workerAdminPort, loopback, "the worker's metrics", 'WORKER_ADMIN_PORT');
  if (!config.databaseUrl)
    await requireFree(embedded.postgres, loopback, 'Postgres', 'EMBEDDED_POSTGRES_PORT');
  if (!config.redisUrl) await requireFree(embedded.redis, loopback, 'Redis', 'EMBEDDED_REDIS_PORT');
  if (config.temporalAddress) return;
  await requireFree(embedded.temporal, loopback, 'Temporal', 'EMBEDDED_TEMPORAL_PORT');
  await requireFree(config.temporalUiPort, loopback, "Temporal's UI", 'TEMPORAL_UI_PORT');
}
