/** The embedded services together: started in order, stopped in reverse. What is given from outside is used as it is. */
import { chmodSync, mkdirSync } from 'node:fs';
import type { Guardian } from './guardian.ts';
import type { Part } from './part.ts';
import { embeddedPostgres } from './postgres.ts';
import { embeddedRedis } from './redis.ts';
import { embeddedTemporal } from './temporal.ts';

export type StackOptions = {
  dataDir: string;
  given: {
    databaseUrl?: string | undefined;
    redisUrl?: string | undefined;
    temporalAddress?: string | undefined;
  };
  ports: { postgres: number; redis: number; temporal: number; temporalUi: number };
  install: 'auto' | 'never';
  report(line: string): void;
  guardian?: Guardian;
};

export type Stack = {
  databaseUrl: string;
  redisUrl: string;
  temporalAddress: string;
  /** Undefined where Temporal is given from outside. */
  temporalUiUrl: string | undefined;
  parts: Part[];
  stop(): Promise<void>;
};

/** Starts what is not given. Throws StackError with one sentence; then nothing is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, given, ports, install, report, guardian } = options;
  mkdirSync(dataDir, { recursive: true });
  // Postgres may run as another user, who has to reach its folder in here.
  chmodSync(dataDir, 0o755);
  const parts: Part[] = [];
  const stop = async () => {
    for (let part = parts.pop(); part; part = parts.pop()) await part.stop();
  };
  const keep = <T extends { part: Part }>(started: T): T => {
    parts.push(started.part);
    report(`${started.part.name.padEnd(10)} ${started.part.address}  pid ${started.part.pid}`);
    return started;
  };
  try {
    const databaseUrl =
      given.databaseUrl ??
      keep(await embeddedPostgres({ dataDir, port: ports.postgres, guardian })).databaseUrl;
    const redisUrl =
      given.redisUrl ??
      keep(await embeddedRedis({ dataDir, port: ports.redis, install, report, guardian })).redisUrl;
    const temporal =
      given.temporalAddress === undefined
        ? keep(
            await embeddedTemporal({
              dataDir,
              port: ports.temporal,
              uiPort: ports.temporalUi,
              report,
              guardian,
            }),
          )
        : { address: given.temporalAddress, uiUrl: undefined };
    return {
      databaseUrl,
      redisUrl,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      parts,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
