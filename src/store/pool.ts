import pg from 'pg';

export type PoolOptions = { databaseUrl: string; size: number; timeoutMs: number; name: string };

/** SQLSTATEs, or their classes, after which the same statement may succeed. */
const TRANSIENT_CLASSES = ['08', '53', '58'];
const TRANSIENT_STATES = new Set(['40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '25006']);
const TRANSIENT_NODE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
const BIGINT = 20;

/**
 * Connections to Postgres. Every statement ends within `timeoutMs`, on the server too. Bigints come as numbers:
 * all of ours are below 2^53.
 */
export function createPool({ databaseUrl, size, timeoutMs, name }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: size,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + 500,
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs * 2,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: `parley-${name}`,
    types: {
      getTypeParser: ((oid: number, format: 'text') =>
        oid === BIGINT ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  // An idle connection that breaks is dropped by the pool; the next query makes a new one or says what is wrong.
  pool.on('error', () => undefined);
  return pool;
}

/** The SQLSTATE of an error of Postgres. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True where trying again may help: the connection, resources, a lock, a deadlock, a restart. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined)
    return TRANSIENT_STATES.has(state) || TRANSIENT_CLASSES.includes(state.slice(0, 2));
  const { code, message } = error as NodeJS.ErrnoException;
  return TRANSIENT_NODE.has(code ?? '') || /timeout|terminated|Connection/i.test(message ?? '');
}
