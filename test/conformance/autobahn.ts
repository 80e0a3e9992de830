/**
 * `npm run conformance`: the Autobahn cases, families 1 to 7 and 10, against an echo route on the production
 * server: the same Express, express-ws and socket options; only who may connect and what a socket does differ.
 * None fails. Then the same with the check of UTF-8 switched off, which must fail: the suite sees what it is for.
 * The suite is PyPI's kosoku, in a virtual environment kept for the user. Ends with code 1 on any surprise.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WebSocketServer } from 'ws';
import { readConfig } from '../../src/config.ts';
import { createApp } from '../../src/front/app.ts';
import { createLogger } from '../../src/logger.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import { cacheFolder } from '../../src/stack/temporal-program.ts';

const execute = promisify(execFile);
const SUITE = 'kosoku==0.1.0';
const FAMILIES = ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '10.*'];
const GOOD = new Set(['OK', 'NON-STRICT', 'INFORMATIONAL']);
const TIMEOUT_MS = 8 * 60_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

function findSuite(): string {
  const folder = join(cacheFolder(process.env), SUITE.replace('==', '-'));
  const program = join(folder, 'bin', 'kosoku');
  if (existsSync(program)) return program;
  say(`installing ${SUITE} …`);
  mkdirSync(cacheFolder(process.env), { recursive: true });
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '-q', SUITE],
  ]) {
    const { status, stderr } = spawnSync(command!, args, { encoding: 'utf8', timeout: TIMEOUT_MS });
    if (status !== 0) throw new Error(`${SUITE} could not be installed: ${stderr}`);
  }
  return program;
}

/** The production server with an echo in place of the chat. */
async function startEcho(skipUTF8Validation: boolean) {
  const config = readConfig({ AUTH_SECRET: 'x'.repeat(32), PORT: '0' });
  const identity = {
    user: 'autobahn',
    roles: [],
    moderator: false,
    expiresAt: Number.MAX_SAFE_INTEGER,
    issuedAt: 0,
  };
  const { server, wss } = createApp({
    config,
    logger: createLogger({ level: 'silent', part: 'echo' }),
    metrics: createGatewayMetrics(),
    upgrades: {
      verifyClient: (_info: unknown, done: (allowed: boolean) => void) => done(true),
      onMalformed: () => undefined,
      identityOf: () => identity,
    } as never,
    onSocket: ({ ws }) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })),
    mount: () => undefined,
  });
  (wss as WebSocketServer & { options: { skipUTF8Validation: boolean } }).options.skipUTF8Validation =
    skipUTF8Validation;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/v1/ws`,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** The cases by what became of them. */
async function run(suite: string, skipUTF8Validation: boolean): Promise<Map<string, string[]>> {
  const echo = await startEcho(skipUTF8Validation);
  const outdir = mkdtempSync(join(tmpdir(), 'parley-autobahn-'));
  try {
    const args = [
      '-m',
      'fuzzingclient',
      '-o',
      outdir,
      ...FAMILIES.flatMap(family => ['-i', family]),
      echo.url,
    ];
    // Its exit code says that a case failed; the report says which.
    await execute(suite, args, { timeout: TIMEOUT_MS, maxBuffer: 16 * 1_048_576 }).catch(() => undefined);
    const report = JSON.parse(readFileSync(join(outdir, 'index.json'), 'utf8')) as Record<
      string,
      Record<string, { behavior: string; behaviorClose: string }>
    >;
    const by = new Map<string, string[]>();
    for (const [name, { behavior, behaviorClose }] of Object.values(report).flatMap(agent =>
      Object.entries(agent),
    )) {
      const worst = GOOD.has(behavior) ? behaviorClose : behavior;
      by.set(worst, [...(by.get(worst) ?? []), name]);
    }
    return by;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
    await echo.close();
  }
}

const bad = (by: Map<string, string[]>) =>
  [...by].flatMap(([behavior, names]) => (GOOD.has(behavior) ? [] : names));
const tell = (title: string, by: Map<string, string[]>) =>
  say(`${title}: ${[...by].map(([behavior, names]) => `${names.length} ${behavior}`).join(', ')}`);

const suite = findSuite();
const strict = await run(suite, false);
tell('as in production', strict);
const failed = bad(strict);
if (failed.length > 0) say(`failed: ${failed.join(' ')}`);
const lax = await run(suite, true);
tell('with the check of UTF-8 off', lax);
const noticed = bad(lax);
say(
  noticed.length > 0
    ? `as it must, it fails then: ${noticed.length} cases`
    : 'the suite did not notice that UTF-8 is not checked',
);
process.exitCode = failed.length === 0 && noticed.length > 0 ? 0 : 1;
