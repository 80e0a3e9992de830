import pg from 'pg';

export type PoolOptions = {
  databaseUrl: string;
  /** Connections at most; a call beyond them waits up to `timeoutMs` for one. */
  size: number;
  timeoutMs: number;
  name: string;
};

/** The SQLSTATEs after which the same statement may succeed; two characters stand for a whole class. */
const TRANSIENT_STATES = new Set([
  '08', // the connection broke
  '40001', // serialization failure
  '40003', // whether the statement completed is unknown
  '40P01', // deadlock
  '53', // no memory, disk or connection left
  '55P03', // a lock is held
  '57014', // statement_timeout
  '57P01', // the server shuts down
  '57P02', // it crashed
  '57P03', // it starts
  '57P05', // the session was idle for too long
  '58', // an error of its operating system
  '25P03', // the transaction was idle for too long
  '25P04', // or lasted too long
  '25006', // a standby, until it is promoted
]);
const TRANSIENT_NODE = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket file of a server that does not run
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** What pg says without a code. */
const TRANSIENT_MESSAGES =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error)/;
/** The type `bigint`. */
const BIGINT = 20;

/**
 * Connections to Postgres. A call waits at most `timeoutMs` for a connection, and every statement ends within
 * `timeoutMs`, on the server too. Bigints come as numbers: all of ours are below 2^53.
 */
export function createPool({ databaseUrl, size, timeoutMs, name }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: size,
    connectionTimeoutMillis: timeoutMs,
    // The server's own limit comes first, so that the connection survives it.
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
  // The pool stops listening while a connection is in use: without this, one that breaks between two statements
  // of a transaction ends the process. The next statement on it fails and tells.
  pool.on('connect', client => client.on('error', () => undefined));
  return pool;
}

/** The SQLSTATE of an error of Postgres. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True where trying again may help: the connection, resources, a lock, a deadlock, a restart. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return TRANSIENT_STATES.has(state) || TRANSIENT_STATES.has(state.slice(0, 2));
  if (!(error instanceof Error)) return false;
  return (
    TRANSIENT_NODE.has((error as NodeJS.ErrnoException).code ?? '') || TRANSIENT_MESSAGES.test(error.message)
  );
}
