/** Parley's own processes: one worker and the gateways, each kept running. */
import { join } from 'node:path';
import type { Config, Environment } from '../config.ts';
import type { Guardian } from './guardian.ts';
import { freePorts, type WantedPort } from './ports.ts';
import { type Supervised, supervise } from './supervisor.ts';

export type ServicePorts = { gateways: { port: number; adminPort: number }[]; workerAdmin: number };

const ENTRIES = {
  gateway: new URL('../gateway.ts', import.meta.url),
  worker: new URL('../worker.ts', import.meta.url),
};

/** PORT, PORT + 1, … and ADMIN_PORT, ADMIN_PORT + 1, …; where one is 0, any free ports. */
export async function choosePorts(config: Config): Promise<ServicePorts> {
  const count = config.gatewayProcesses;
  const from = async (first: number) =>
    first === 0 ? await freePorts(count) : Array.from({ length: count }, (_, i) => first + i);
  const [ports, adminPorts] = [await from(config.port), await from(config.adminPort)];
  const gateways = ports.map((port, i) => ({ port, adminPort: adminPorts[i]! }));
  return { gateways, workerAdmin: config.workerAdminPort };
}

/** Every port that start opens, with the variable that moves it. */
export function wantedPorts(config: Config, { gateways, workerAdmin }: ServicePorts): WantedPort[] {
  const { host, embedded } = config;
  const wanted: WantedPort[] = gateways.flatMap(({ port, adminPort }) => [
    { port, host, what: 'the page and its sockets', variable: 'PORT' },
    { port: adminPort, what: "a gateway's metrics", variable: 'ADMIN_PORT' },
  ]);
  wanted.push({ port: workerAdmin, what: "the worker's metrics", variable: 'WORKER_ADMIN_PORT' });
  if (!config.databaseUrl) {
    wanted.push({ port: embedded.postgres, what: 'Postgres', variable: 'EMBEDDED_POSTGRES_PORT' });
  }
  if (!config.redisUrl) {
    wanted.push({ port: embedded.redis, what: 'Redis', variable: 'EMBEDDED_REDIS_PORT' });
  }
  if (config.pipeline.engine === 'temporal' && !config.temporalAddress) {
    wanted.push({ port: embedded.temporal, what: 'Temporal', variable: 'EMBEDDED_TEMPORAL_PORT' });
    wanted.push({ port: config.temporalUiPort, what: "Temporal's UI", variable: 'TEMPORAL_UI_PORT' });
  }
  return wanted;
}

type Options = {
  config: Config;
  ports: ServicePorts;
  env: Environment;
  guardian: Guardian;
  report(line: string): void;
  onFatal(sentence: string): void;
};

/** Starts them all. To stop them, go backwards: the gateways before the worker that serves them. */
export function startServices(options: Options): Supervised[] {
  const { config, ports, env } = options;
  const run = (name: string, entry: URL, own: Record<string, string>) =>
    supervise({
      ...options,
      name,
      entry,
      env: { ...env, ...own },
      logFile: join(config.dataDir, 'logs', `${name}.log`),
    });
  const worker = run('worker', ENTRIES.worker, {
    WORKER_ID: 'worker-1',
    WORKER_ADMIN_PORT: String(ports.workerAdmin),
  });
  const gateways = ports.gateways.map(({ port, adminPort }, i) =>
    run(`gateway-${i + 1}`, ENTRIES.gateway, { PORT: String(port), ADMIN_PORT: String(adminPort) }),
  );
  return [worker, ...gateways];
}
