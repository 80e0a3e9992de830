/**
 * The environment → one typed, checked Config; nothing else reads the environment.
 * A missing or malformed value stops the start with exit code 78 (EX_CONFIG of sysexits.h) and one line
 * that names the variable.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError, type Environment, type Reader, reader } from './config-reader.ts';

export { ConfigError, type Environment, type TimeOfDay } from './config-reader.ts';

export type Config = ReturnType<typeof readConfig>;
export type AuthConfig = Config['auth'];

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Reads and checks every setting. Throws ConfigError. */
export function readConfig(env: Environment) {
  const read = reader(env);
  const limits = {
    frameBytes: 65_536,
    contentLength: 4_000,
    rooms: read.integer('ROOMS_PER_CONNECTION', 128, { min: 1, max: 10_000 }),
    sendPerSecond: read.integer('SEND_PER_SECOND', 20, { min: 1, max: 1_000_000 }),
    sendBurst: read.integer('SEND_BURST', 60, { min: 1, max: 1_000_000 }),
  };
  const host = read.text('HOST', '127.0.0.1');
  const certFile = read.optional('TLS_CERT');
  const keyFile = read.optional('TLS_KEY');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError(
      `${certFile ? 'TLS_KEY' : 'TLS_CERT'} is missing: https needs both TLS_CERT and TLS_KEY.`,
    );
  }
  return {
    host,
    port: read.port('PORT', 8080),
    gatewayProcesses: read.integer('GATEWAY_PROCESSES', 1, { min: 1, max: 64 }),
    /** The port of metrics and admin calls, always on loopback. */
    adminPort: read.port('ADMIN_PORT', 9464),
    workerAdminPort: read.port('WORKER_ADMIN_PORT', 9564),
    tls:
      certFile && keyFile
        ? { cert: read.file('TLS_CERT', certFile), key: read.file('TLS_KEY', keyFile) }
        : undefined,
    dataDir: resolve(read.text('DATA_DIR', '.parley')),
    logLevel: read.choice('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
    auth: authConfig(read, host),
    databaseUrl: read.optional('DATABASE_URL'),
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 10, { min: 4, max: 200 }),
    databaseTimeoutMs: read.integer('DATABASE_TIMEOUT_MS', 5_000, { min: 50, max: 60_000 }),
    /** A history call answers `unavailable` when the store has not answered within this. */
    historyTimeoutMs: read.integer('HISTORY_TIMEOUT_MS', 900, { min: 50, max: 60_000 }),
    /** Ports of the services that `npm start` brings along; away from those of stock installations. */
    embedded: {
      postgres: read.port('EMBEDDED_POSTGRES_PORT', 55_432),
      redis: read.port('EMBEDDED_REDIS_PORT', 56_379),
      temporal: read.port('EMBEDDED_TEMPORAL_PORT', 57_233),
    },
    redisUrl: read.optional('REDIS_URL'),
    /** The Redis of the pipeline's engine, where that is BullMQ: one of its own by choice. */
    bullmqRedisUrl: read.optional('BULLMQ_REDIS_URL') ?? read.optional('REDIS_URL'),
    redisTimeoutMs: read.integer('REDIS_TIMEOUT_MS', 2_000, { min: 50, max: 60_000 }),
    temporalAddress: read.optional('TEMPORAL_ADDRESS'),
    temporalNamespace: read.text('TEMPORAL_NAMESPACE', 'default'),
    temporalUiPort: read.port('TEMPORAL_UI_PORT', 8233),
    temporalUiUrl: read.optional('TEMPORAL_UI_URL'),
    log: {
      /** Rooms hash to this many partitions. Stored; another value refuses to start. */
      partitions: read.integer('ROOM_PARTITIONS', 16, { min: 1, max: 1024 }),
      retentionEntries: read.integer('ROOM_LOG_ENTRIES', 10_000, { min: 10, max: 1_000_000 }),
      retentionMs: read.integer('ROOM_LOG_HOURS', 24, { min: 1, max: 8760 }) * 3_600_000,
      dedupWindowMs: read.integer('DEDUP_WINDOW_HOURS', 24, { min: 1, max: 8760 }) * 3_600_000,
      /** Acknowledged entries not yet in the store, per partition; beyond it senders get `overloaded`. */
      maxUnstored: read.integer('MAX_UNSTORED', 20_000, { min: 1, max: 10_000_000 }),
    },
    pipeline: {
      engine: read.choice('PIPELINE_ENGINE', ['temporal', 'bullmq'], 'temporal'),
      maxBatch: read.integer('PIPELINE_MAX_BATCH', 500, { min: 1, max: 5_000 }),
      maxBatchBytes: read.integer('PIPELINE_MAX_BATCH_BYTES', 200_000, { min: 20_000, max: 1_000_000 }),
      /** Batches that one worker leaves unfinished before it lets entries gather. */
      inFlight: read.integer('PIPELINE_IN_FLIGHT', 4, { min: 1, max: 1_000 }),
      /** A batch begins so long after the last one at the earliest, while that is unfinished. */
      spacingMs: read.integer('PIPELINE_SPACING_MS', 100, { min: 0, max: 10_000 }),
      /** By how much worker and embedded engine step back (nice) where the live side needs the processor. */
      nice: read.integer('PIPELINE_NICE', 10, { min: 0, max: 19 }),
      /** The queue's name on either engine. */
      taskQueue: queueName(read),
      workerId: read.text('WORKER_ID', `${hostname()}-${process.pid}`),
    },
    /** The external moderation provider; undefined: there is none. */
    provider: providerConfig(read),
    /** When the scheduled tasks run, by the clock of UTC; undefined: never. */
    schedules: {
      digest: read.timeOfDay('DIGEST_AT', '00:10'),
      nightly: read.timeOfDay('NIGHTLY_AT', '02:30'),
      purge: read.timeOfDay('PURGE_AT', '04:00'),
    },
    /** How far back the nightly run over history goes. */
    nightlyDays: read.integer('NIGHTLY_DAYS', 7, { min: 1, max: 3_650 }),
    /** What seals messages in the engine's storage: the first one; all of them open. None: they stand there readable. */
    payloadKeys: payloadKeys(read),
    /** How often a worker audits; 0: never. */
    auditMs: read.integer('AUDIT_MINUTES', 5, { min: 0, max: 10_080 }) * 60_000,
    limits,
    guard: guardConfig(read, limits),
    trustProxy: trustProxy(read),
    heartbeatMs: read.integer('HEARTBEAT_MS', 25_000, { min: 100, max: 600_000 }),
    shutdownMs: read.integer('SHUTDOWN_MS', 10_000, { min: 100, max: 600_000 }),
    install: read.choice('PARLEY_INSTALL', ['auto', 'never'], 'auto'),
  };
}

function queueName(read: Reader): string {
  const name = read.text('TEMPORAL_TASK_QUEUE', 'parley');
  if (name.includes(':')) throw new ConfigError(`TEMPORAL_TASK_QUEUE is ${name}: it may not hold a colon.`);
  return name;
}

/** The step that waits for it has 10 s: its time stays far below. */
function providerConfig(read: Reader) {
  const url = read.optional('MODERATION_PROVIDER_URL');
  const token = read.optional('MODERATION_PROVIDER_TOKEN');
  const options = {
    timeoutMs: read.integer('MODERATION_PROVIDER_TIMEOUT_MS', 2_000, { min: 50, max: 5_000 }),
    /** Texts in one call, and calls at a time. */
    batch: read.integer('MODERATION_PROVIDER_BATCH', 50, { min: 1, max: 500 }),
    calls: read.integer('MODERATION_PROVIDER_CALLS', 4, { min: 1, max: 100 }),
  };
  if (url === undefined) return undefined;
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : {};
  // What it holds is not said: it may be a secret in the wrong place.
  if (!/^https?:$/.test(protocol ?? '') || username || password) {
    throw new ConfigError(
      'MODERATION_PROVIDER_URL must be an http or https URL without user and password in it.',
    );
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError('MODERATION_PROVIDER_TOKEN holds characters that a header cannot carry.');
  }
  return { url, token, ...options };
}

/**
 * PAYLOAD_KEY: keys of 32 bytes as base64, `id:key` or a key alone, which is named by its digest. Errors never show
 * what was given.
 */
function payloadKeys(read: Reader): { id: string; key: Buffer }[] {
  const keys = read.list('PAYLOAD_KEY').map((entry, i) => {
    const [, id, base64] = /^(?:([A-Za-z0-9_.-]{1,64}):)?([A-Za-z0-9+/]{43}=?)$/.exec(entry) ?? [];
    if (base64 === undefined) {
      throw new ConfigError(
        `PAYLOAD_KEY: key ${i + 1} must be 32 bytes as base64, or id:base64; openssl rand -base64 32 makes one.`,
      );
    }
    const key = Buffer.from(base64, 'base64');
    return { id: id ?? createHash('sha256').update(key).digest('hex').slice(0, 12), key };
  });
  const twice = keys.find(({ id }, i) => keys.findIndex(one => one.id === id) < i);
  if (twice) throw new ConfigError(`PAYLOAD_KEY has two keys that are named ${twice.id}.`);
  return keys;
}

/** What holds against abuse beside `limits`, which clients are told of. Counts and rates are of one gateway. */
function guardConfig(
  read: Reader,
  { sendPerSecond, sendBurst }: { sendPerSecond: number; sendBurst: number },
) {
  const rate = { min: 1, max: 10_000_000 };
  return {
    /** Frames of all kinds on one connection; at least twice what may be sent, where nothing is given. */
    framesPerSecond: read.integer('FRAMES_PER_SECOND', Math.max(50, 2 * sendPerSecond), rate),
    frameBurst: read.integer('FRAME_BURST', Math.max(200, 2 * sendBurst), rate),
    connectionsPerUser: read.integer('CONNECTIONS_PER_USER', 50, rate),
    connectionsPerAddress: read.integer('CONNECTIONS_PER_ADDRESS', 200, rate),
    upgradesPerSecond: read.integer('UPGRADES_PER_SECOND', 20, rate),
    upgradeBurst: read.integer('UPGRADE_BURST', 100, rate),
    /** HTTP calls of an address. */
    callsPerSecond: read.integer('CALLS_PER_SECOND', 50, rate),
    callBurst: read.integer('CALL_BURST', 200, rate),
    /** Connections that have not sent their request yet; and how long each may take. */
    maxHandshakes: read.integer('MAX_HANDSHAKES', 1_000, { min: 1, max: 1_000_000 }),
    handshakeMs: read.integer('HANDSHAKE_MS', 10_000, { min: 50, max: 600_000 }),
    /** Mean delay of the event loop over a second, beyond which sends and upgrades are `overloaded`. */
    maxLoopDelayMs: read.integer('MAX_LOOP_DELAY_MS', 200, { min: 1, max: 60_000 }),
  };
}

const NAMED_NETWORKS = new Set(['loopback', 'linklocal', 'uniquelocal']);

/**
 * TRUST_PROXY: how many proxies stand in front, or their addresses, CIDRs, `loopback`, `linklocal`,
 * `uniquelocal`. Undefined: no forwarded header is believed.
 */
function trustProxy(read: Reader): number | string[] | undefined {
  const list = read.list('TRUST_PROXY');
  if (list.length === 0) return undefined;
  if (list.length === 1 && /^\d{1,2}$/.test(list[0]!)) return Number(list[0]) || undefined;
  for (const entry of list) {
    const [address = '', bits, ...more] = entry.split('/');
    const longest = isIP(address) === 6 ? 128 : 32;
    const network = isIP(address) !== 0 && more.length === 0 && (bits === undefined || isBits(bits, longest));
    if (!network && !NAMED_NETWORKS.has(entry)) {
      throw new ConfigError(`TRUST_PROXY names ${entry}: give a number of proxies, or addresses and CIDRs.`);
    }
  }
  return list;
}

const isBits = (text: string, longest: number) =>
  /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= longest;

function authConfig(read: Reader, host: string) {
  const mode = read.choice('AUTH_MODE', ['jwt', 'dev'], 'jwt');
  const secret = read.optional('AUTH_SECRET');
  const jwksUrl = read.optional('AUTH_JWKS_URL');
  if (mode === 'dev' && !LOOPBACK.has(host)) {
    throw new ConfigError(`AUTH_MODE=dev gives tokens to anyone: it needs HOST on loopback, not ${host}.`);
  }
  if (secret !== undefined && Buffer.byteLength(secret) < 32) {
    throw new ConfigError('AUTH_SECRET needs at least 32 bytes.');
  }
  if (secret === undefined && jwksUrl === undefined) {
    throw new ConfigError('AUTH_SECRET is missing: give AUTH_SECRET (32 bytes or more) or AUTH_JWKS_URL.');
  }
  return {
    mode,
    secret,
    jwksUrl,
    /** An unknown key id asks for the key set anew, at most this often; and a set is good for so long. */
    jwksCooldownMs: read.integer('AUTH_JWKS_COOLDOWN_MS', 5_000, { min: 10, max: 3_600_000 }),
    jwksMaxAgeMs: read.integer('AUTH_JWKS_MAX_AGE_MS', 600_000, { min: 10, max: 86_400_000 }),
    /** The longest life of a token that is signed anywhere: as long a revocation is kept. */
    maxTokenLifeMs: read.integer('MAX_TOKEN_LIFE_HOURS', 1_440, { min: 1, max: 87_600 }) * 3_600_000,
    issuer: read.optional('AUTH_ISSUER'),
    audience: read.optional('AUTH_AUDIENCE'),
    allowedOrigins: read.list('ALLOWED_ORIGINS'),
  };
}

/** The given setting, for a process that cannot start without it. Throws ConfigError. */
export function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new ConfigError(`${name} is missing.`);
  return value;
}

/** Reads the configuration, or ends the process with code 78 and the one line that names the variable. */
export function configOrExit(env: Environment = process.env): Config {
  try {
    return readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`parley: ${error.message}\n`);
    process.exit(78);
  }
}
