/** The embedded services together: started at once, stopped in reverse order. What is given is used as it is. */
import type { Environment } from '../config.ts';
import { openDataDir } from './data-dir.ts';
import { useGiven } from './given.ts';
import type { Guardian } from './guardian.ts';
import { type Part, type PartContext, upLine } from './part.ts';
import { embeddedPostgres } from './postgres.ts';
import { embeddedRedis } from './redis.ts';
import { embeddedTemporal } from './temporal.ts';

export type StackOptions = {
  dataDir: string;
  given: {
    databaseUrl?: string | undefined;
    redisUrl?: string | undefined;
    temporalAddress?: string | undefined;
    temporalUiUrl?: string | undefined;
  };
  ports: { postgres: number; redis: number; temporal: number; temporalUi: number };
  /** The pipeline's engine; with BullMQ there is no Temporal in the stack. Default temporal. */
  engine?: 'temporal' | 'bullmq';
  /** What Temporal's UI is told to ask for encrypted payloads. */
  codecEndpoint?: string | undefined;
  install: 'auto' | 'never';
  /** By how much the engine steps back where the live side needs the processor. */
  nice: number;
  /** What the embedded services inherit. */
  env: Environment;
  report(line: string): void;
  guardian?: Guardian;
  /** Starts an embedded part again when it dies by itself. */
  revive?: boolean;
  /** Ends a start that is under way; it then throws the signal's reason. */
  stopping?: AbortSignal;
};

export type Stack = {
  databaseUrl: string;
  redisUrl: string;
  /** Undefined where BullMQ is the engine. */
  temporalAddress: string | undefined;
  /** Undefined there, and where Temporal is given from outside without TEMPORAL_UI_URL. */
  temporalUiUrl: string | undefined;
  /** Postgres, Redis and Temporal, where it is used; stopped and started one by one they keep port and data. */
  parts: Part[];
  /** Ends what is embedded, in reverse order. */
  stop(): Promise<void>;
};

/** Starts what is not given. Throws StackError with one sentence; then nothing is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  openDataDir(options.dataDir);
  const embedded: { order: number; part: Part }[] = [];
  const failing = new AbortController();
  const stopping = AbortSignal.any([failing.signal, ...(options.stopping ? [options.stopping] : [])]);
  const { revive = false, guardian } = options;
  const context: Context = { ...options, revive, guardian, stopping };
  const stop = async () => {
    embedded.sort((a, b) => b.order - a.order);
    for (let one = embedded.shift(); one; one = embedded.shift()) await one.part.stop();
  };
  const keep = async <T extends { part: Part }>(order: number, starting: Promise<T>): Promise<T> => {
    const started = await starting;
    embedded.push({ order, part: started.part });
    options.report(upLine(started.part.name, started.part.address, started.part.pid));
    return started;
  };
  const all = startParts(context, keep);
  try {
    const [postgres, redis, temporal] = await Promise.all(all);
    return {
      databaseUrl: postgres.databaseUrl,
      redisUrl: redis.redisUrl,
      temporalAddress: temporal?.address,
      temporalUiUrl: temporal?.uiUrl,
      parts: [postgres.part, redis.part, ...(temporal ? [temporal.part] : [])],
      stop,
    };
  } catch (error) {
    // The first fault is told; what the others come to does not matter, but it must be over before they are ended.
    failing.abort();
    await Promise.allSettled(all);
    await stop();
    throw error;
  }
}

type Context = Omit<StackOptions, keyof PartContext> & PartContext;
type Keep = <T extends { part: Part }>(order: number, starting: Promise<T>) => Promise<T>;

function startParts(context: Context, keep: Keep) {
  const { given, ports, report } = context;
  const shown = <T extends { part: Part }>(used: T): T => {
    report(upLine(used.part.name, used.part.address, undefined));
    return used;
  };
  return [
    given.databaseUrl
      ? givenPostgres(given.databaseUrl).then(shown)
      : keep(0, embeddedPostgres({ ...context, port: ports.postgres })),
    given.redisUrl
      ? givenRedis(given.redisUrl).then(shown)
      : keep(1, embeddedRedis({ ...context, port: ports.redis })),
    temporalOf(context, keep, shown),
  ] as const;
}

type Shown = <T extends { part: Part }>(used: T) => T;

async function temporalOf(context: Context, keep: Keep, shown: Shown) {
  const { given, ports, engine = 'temporal', codecEndpoint } = context;
  if (engine !== 'temporal') return undefined;
  return given.temporalAddress
    ? givenTemporal(given.temporalAddress, given.temporalUiUrl).then(shown)
    : keep(
        2,
        embeddedTemporal({ ...context, codecEndpoint, port: ports.temporal, uiPort: ports.temporalUi }),
      );
}

async function givenPostgres(databaseUrl: string) {
  const target = { url: databaseUrl, variable: 'DATABASE_URL', defaultPort: 5_432 };
  return { databaseUrl, part: await useGiven('Postgres', target) };
}

async function givenRedis(redisUrl: string) {
  const target = { url: redisUrl, variable: 'REDIS_URL', defaultPort: 6_379 };
  return { redisUrl, part: await useGiven('Redis', target) };
}

async function givenTemporal(address: string, uiUrl: string | undefined) {
  const target = { url: `temporal://${address}`, variable: 'TEMPORAL_ADDRESS', defaultPort: 7_233 };
  return { address, uiUrl, part: await useGiven('Temporal', target) };
}
