/**
 * `npm start`: starts every part, keeps the gateways, the worker and the embedded services running, and stops all of
 * it in reverse order: on a signal, when its parent is gone, or when a part cannot be had.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, Environment } from '../config.ts';
import { buildPage } from '../web/build.ts';
import { watchAncestors } from './ancestors.ts';
import { openDataDir, secretIn } from './data-dir.ts';
import { developmentEnvironment } from './environment.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import { boundLog } from './logs.ts';
import { StackError } from './part.ts';
import { freePort, requireFree } from './ports.ts';
import { claimRunning, clearRunning, identity, noteRunning } from './running.ts';
import { choosePorts, type ServicePorts, startServices, wantedPorts } from './services.ts';
import { type Stack, startStack } from './stack.ts';

type Run = {
  config: Config;
  env: Environment;
  guardian: Guardian;
  /** What is to be stopped, in reverse order. */
  running: { stop(): Promise<void> }[];
  stopping: AbortSignal;
  onFatal(sentence: string): void;
};

const EX_CONFIG = 78;
const BOUND_LOGS_EVERY_MS = 60_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs until it is to stop, and stopped all. Sets the exit code where a part could not be had. */
export async function runAll(config: Config, given: Environment): Promise<void> {
  const stop = new AbortController();
  onStop(reason => stop.abort(reason));
  try {
    openDataDir(config.dataDir);
    await claimRunning(config.dataDir, say);
  } catch (error) {
    return fail(error);
  }
  const env = developmentEnvironment(given, secretIn(config.dataDir, 'auth-secret'));
  const guardian = startGuardian(({ pid, watched }) =>
    noteRunning(config.dataDir, {
      processes: watched(),
      ...(pid === undefined ? {} : { guardian: identity(pid) }),
    }),
  );
  const bounding = setInterval(() => boundLogs(join(config.dataDir, 'logs')), BOUND_LOGS_EVERY_MS);
  const running: Run['running'] = [];
  const onFatal = (sentence: string) => stop.abort(new ConfigurationRefused(sentence));
  try {
    await start({ config, env, guardian, running, stopping: stop.signal, onFatal });
    await aborted(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) stop.abort(error);
  }
  if (!(stop.signal.reason instanceof StopRequest)) fail(stop.signal.reason);
  say(stop.signal.reason instanceof StopRequest ? `${stop.signal.reason.message}: stopping …` : 'stopping …');
  clearInterval(bounding);
  for (let part = running.pop(); part; part = running.pop()) await part.stop();
  await guardian.close();
  clearRunning(config.dataDir);
  say('stopped');
}

/** Somebody wants the end: nothing is wrong. */
class StopRequest extends Error {
  override name = 'StopRequest';
}

class ConfigurationRefused extends StackError {
  override name = 'ConfigurationRefused';
}

function onStop(stop: (reason: StopRequest) => void) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop(new StopRequest(signal)));
  }
  watchAncestors(({ pid, command }) =>
    stop(new StopRequest(`${command.slice(0, 60)} (pid ${pid}), which started this, is gone`)),
  );
  // The terminal, or who read the output, may be gone before this is.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function fail(error: unknown) {
  const known = error instanceof StackError;
  const words = error instanceof Error ? (known ? error.message : error.stack) : String(error);
  process.stderr.write(`parley: ${words}\n`);
  process.exitCode = error instanceof ConfigurationRefused ? EX_CONFIG : 1;
}

async function start(run: Run) {
  const { config, env, guardian, running, stopping, onFatal } = run;
  const ports = await choosePorts(config);
  await requireFree(wantedPorts(config, ports));
  const stack = await startParts(run, ports);
  running.push(stack);
  if (stack.temporalUiUrl) say(`UI         ${stack.temporalUiUrl}`);
  await buildPage();
  stopping.throwIfAborted();
  const shared = environmentOf(stack, config);
  const options = { config, ports, guardian, onFatal, report: say, env: { ...env, ...shared } };
  const services = startServices(options);
  running.push(...services);
  await Promise.race([Promise.all(services.map(({ ready }) => ready)), aborted(stopping)]);
  if (stopping.aborted) return;
  const pageUrl = `${config.tls ? 'https' : 'http'}://${config.host}:${ports.gateways[0]!.port}/`;
  const noted = {
    ADMIN_PORT: String(ports.gateways[0]!.adminPort),
    PIPELINE_ENGINE: config.pipeline.engine,
    ...(config.bullmqRedisUrl === undefined ? {} : { BULLMQ_REDIS_URL: config.bullmqRedisUrl }),
  };
  noteRunning(config.dataDir, { env: { ...shared, ...secretsOf(env), ...noted }, pageUrl });
  say(`ready ${pageUrl}`);
}

async function startParts(
  { config, env, guardian, stopping }: Run,
  { gateways }: ServicePorts,
): Promise<Stack> {
  // The key is for those who may read, not for those who store.
  const { PAYLOAD_KEY: _key, ...inherited } = env;
  const codecEndpoint =
    config.payloadKeys.length > 0 ? `http://127.0.0.1:${gateways[0]!.adminPort}/codec` : undefined;
  const { databaseUrl, redisUrl, temporalAddress, temporalUiUrl, embedded, temporalUiPort } = config;
  const portOf = async (port: number) => (port === 0 ? await freePort() : port);
  return await startStack({
    dataDir: config.dataDir,
    given: { databaseUrl, redisUrl, temporalAddress, temporalUiUrl },
    ports: {
      postgres: await portOf(embedded.postgres),
      redis: await portOf(embedded.redis),
      temporal: await portOf(embedded.temporal),
      temporalUi: await portOf(temporalUiPort),
    },
    engine: config.pipeline.engine,
    codecEndpoint,
    install: config.install,
    nice: config.pipeline.nice,
    env: inherited,
    report: say,
    guardian,
    revive: true,
    stopping,
  });
}

function environmentOf(stack: Stack, config: Config): Record<string, string> {
  const { databaseUrl, redisUrl, temporalAddress, temporalUiUrl } = stack;
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    ...(temporalAddress === undefined ? {} : { TEMPORAL_ADDRESS: temporalAddress }),
    TEMPORAL_UI_PORT: String(config.temporalUiPort),
    DATA_DIR: config.dataDir,
    ...(temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalUiUrl }),
  };
}

function secretsOf(env: Environment): Record<string, string> {
  const names = ['AUTH_MODE', 'AUTH_SECRET', 'AUTH_JWKS_URL', 'PAYLOAD_KEY'];
  return Object.fromEntries(names.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]])));
}

function boundLogs(folder: string) {
  for (const name of readdirSync(folder)) if (name.endsWith('.log')) boundLog(join(folder, name));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
