import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { isRunning } from '../../src/stack/processes.ts';
import { npmStart, placeToStart, run, type Traces, untilGone } from '../support/npm-start.ts';
import { until } from '../support/until.ts';

type Start = ReturnType<typeof npmStart>;
type Page = { messages: { content?: string; status: string }[] };

const PARTS = ['Postgres', 'Redis', 'Temporal', 'worker', 'gateway-1'];

/** A caller with a development token. */
async function caller(url: string) {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  const { token } = (await (await post('/v1/dev/token', { user: 'ada' })).json()) as { token: string };
  const authorization = { authorization: `Bearer ${token}` };
  return {
    send: async (clientId: string, content: string) =>
      (await post('/v1/rooms/lobby/messages', { clientId, content }, authorization)).status,
    history: async () => {
      const options = { headers: authorization, signal: AbortSignal.timeout(30_000) };
      const response = await fetch(new URL('/v1/rooms/lobby/messages', url), options);
      return ((await response.json()) as Page).messages?.map(({ content }) => content) ?? [];
    },
  };
}

async function comesBack(start: Start, name: string, url: string) {
  const killed = start.pidOf(name)!;
  process.kill(killed, 'SIGKILL');
  await until(`${name} is another process`, () => start.pidOf(name) !== killed, 60_000);
  const answers = () =>
    fetch(new URL('/readyz', url)).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the page answers', answers, 60_000);
  assert.match(
    start.output(),
    new RegExp(`^${name} ended \\(SIGKILL\\); it is started again in \\d+ ms`, 'm'),
  );
}

describe('npm start', function () {
  this.timeout(120_000);
  let place: Awaited<ReturnType<typeof placeToStart>>;
  const started: { start: Start; traces: Traces }[] = [];

  /** Starts, and keeps in mind what has to be gone at last, whatever a test finds. */
  async function startReady(command?: string[]) {
    const start = npmStart(place.env, command);
    const known = { start, traces: { processes: [], ports: [] } as Traces };
    started.push(known);
    const url = await start.ready();
    known.traces = start.traces();
    return { start, url, traces: known.traces };
  }

  before(async () => {
    place = await placeToStart();
  });

  afterEach(async () => {
    // Whatever a failed test left must not stand in the way of the next one.
    for (const { start, traces } of started.splice(0)) {
      const left = [...start.traces().processes, ...traces.processes].filter(isRunning);
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      await untilGone({ processes: left, ports: [] });
    }
  });

  after(() => place.remove());

  it('names each part with address and process, is ready, and keeps its parts until Ctrl-C', async () => {
    const { start, url, traces } = await startReady();
    for (const name of PARTS) {
      assert.match(start.output(), new RegExp(`^${name} +\\S+:\\d+  pid \\d+`, 'm'));
      assert(traces.processes.some(({ pid }) => pid === start.pidOf(name)));
    }
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/i);
    for (const port of Object.entries(place.env).flatMap(([name, value]) =>
      /PORT/.test(name) ? [value] : [],
    )) {
      assert(traces.ports.includes(Number(port)), `port ${port}`);
    }

    const ada = await caller(url);
    assert.equal(await ada.send('first', 'hello of the first start'), 201);
    await until('it is stored', async () => (await ada.history()).includes('hello of the first start'));

    const second = run(['npm', 'start'], place.env);
    assert.equal((await second.exited).code, 1);
    assert.match(
      second.output(),
      /^parley: npm start runs on \S+ already \(pid \d+\): stop it, or set DATA_DIR/m,
    );
    const clean = run(['npm', 'run', 'clean'], place.env);
    assert.equal((await clean.exited).code, 1);
    assert.match(clean.output(), /stop it first/);

    for (const name of ['gateway-1', 'worker', 'Redis', 'Postgres']) await comesBack(start, name, url);
    assert.equal(await ada.send('second', 'hello after the deaths'), 201);
    await until('it is stored', async () => (await ada.history()).includes('hello after the deaths'), 60_000);

    const now = start.traces();
    process.kill(start.startPid()!, 'SIGINT');
    assert.deepEqual(await start.exited, { code: 0, signal: null });
    await untilGone(traces);
    await untilGone(now);
    assert.match(start.output(), /^stopped$/m);
  });

  it('finds its history again, and leaves nothing when npm is killed', async () => {
    const { start, url, traces } = await startReady();
    const ada = await caller(url);
    assert.deepEqual(await ada.history(), ['hello of the first start', 'hello after the deaths']);
    start.child.kill('SIGKILL');
    await untilGone(traces);
  });

  it('leaves nothing when start itself is killed, after its first guardian was', async () => {
    const { start, traces } = await startReady();
    const first = start.guardianPid()!;
    process.kill(first, 'SIGKILL');
    await until('there is another guardian', () => start.guardianPid() !== first);
    const now = start.traces();
    process.kill(start.startPid()!, 'SIGKILL');
    await untilGone(traces);
    await untilGone(now);
  });

  it('ends what start and guardian left when both were killed, then stops on SIGTERM to npm', async () => {
    const { start: killed, traces: left } = await startReady();
    process.kill(killed.startPid()!, 'SIGSTOP');
    process.kill(killed.guardianPid()!, 'SIGKILL');
    process.kill(killed.startPid()!, 'SIGKILL');
    const { start, url, traces } = await startReady();
    await untilGone({ processes: left.processes, ports: [] });
    assert.equal((await (await caller(url)).history()).length, 2);
    start.child.kill('SIGTERM');
    await untilGone(traces);
  });

  it('leaves nothing when the process that started npm dies', async () => {
    const { start, traces } = await startReady(['sh', '-c', 'npm start; true']);
    start.child.kill('SIGKILL');
    await untilGone(traces);
  });

  it('leaves nothing when it is told to stop while it starts', async () => {
    const start = npmStart(place.env);
    started.push({ start, traces: { processes: [], ports: [] } });
    await until(
      'a part is there',
      () => start.traces().processes.some(({ command }) => /redis|postgres/.test(command)),
      60_000,
    );
    const traces = start.traces();
    process.kill(start.startPid()!, 'SIGTERM');
    await start.exited;
    await untilGone(traces);
    assert.doesNotMatch(start.output(), /^ready/m);
  });

  it('says in a sentence each which ports are taken, and what to set', async () => {
    const holders = [place.env.PORT, place.env.EMBEDDED_REDIS_PORT].map(port =>
      createServer().listen(Number(port), '127.0.0.1'),
    );
    const start = npmStart(place.env);
    assert.equal((await start.exited).code, 1);
    for (const holder of holders) holder.close();
    for (const [what, variable] of [
      ['the page and its sockets', 'PORT'],
      ['Redis', 'EMBEDDED_REDIS_PORT'],
    ]) {
      const sentence = `Port ${place.env[variable!]} for ${what} is taken by another program: free it, or set ${variable} to another one.`;
      assert(start.output().includes(sentence), start.output());
    }
  });

  it('says in a sentence that a given part does not answer', async () => {
    const env = { ...place.env, REDIS_URL: `redis://:secret@127.0.0.1:${place.env.EMBEDDED_REDIS_PORT}` };
    const start = npmStart(env);
    assert.equal((await start.exited).code, 1);
    assert.match(
      start.output(),
      /^parley: REDIS_URL names 127\.0\.0\.1:\d+, where nothing answers: start it, or/m,
    );
    assert.doesNotMatch(start.output(), /secret|^ {4}at /m);
  });

  it('says in a sentence that a setting is wrong, with exit code 78', async () => {
    const start = npmStart({ ...place.env, GATEWAY_PROCESSES: 'many' });
    assert.equal((await start.exited).code, 78);
    assert.match(
      start.output(),
      /^parley: GATEWAY_PROCESSES is many: it must be a whole number from 1 to 64\.$/m,
    );
  });

  it('is removed by npm run clean', async () => {
    const project = existsSync(new URL('../../dist', import.meta.url));
    // The built page belongs to whoever uses this clone: only the data folder is for this test to remove.
    const { removeLeavings } = await import('../../src/stack/leavings.ts');
    const nowhere = `${place.dataDir}-nothing`;
    const { removed } = await removeLeavings({
      dataDir: place.dataDir,
      built: nowhere,
      caches: [],
      all: false,
    });
    assert.deepEqual(removed, [place.dataDir]);
    assert.equal(existsSync(place.dataDir), false);
    assert.equal(existsSync(new URL('../../dist', import.meta.url)), project);
  });
});
