import assert from 'node:assert/strict';
import { freePort } from '../../../src/stack/ports.ts';
import { npmStart, placeToStart, run, untilGone } from '../../support/npm-start.ts';
import { openSocket, token } from '../../support/socket.ts';
import { call, type HistoryPage, startSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';

describe('Parley on BullMQ', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  let admin: string;
  const room = `bullmq-${process.pid}`;
  before(async function () {
    this.timeout(240_000);
    const port = String(await freePort());
    admin = `http://127.0.0.1:${port}`;
    const env = { PIPELINE_ENGINE: 'bullmq', TEMPORAL_ADDRESS: '', ADMIN_PORT: port };
    system = await startSystem({ env });
  });
  after(async function () {
    this.timeout(120_000);
    const worker = system?.worker();
    await system?.close();
    if (worker) assert.equal((await worker.exited).code, 0, worker.output());
  });

  const queues = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${admin}${path}`, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(30_000) });
  const bearer = async (user: string, roles: string[]) => ({
    authorization: `Bearer ${await token(user, { roles })}`,
  });

  const queueName = async (headers: Record<string, string>) => {
    const listed = await (await queues('/queues/api/queues', headers)).json();
    return (listed as { queues: [{ name: string }] }).queues[0].name;
  };

  it('delivers, judges and stores a message, with no Temporal named', async () => {
    const socket = await openSocket(system.urls[0]!, 'ann');
    await socket.ask({ type: 'join', room, recent: 0 });
    const { id } = await socket.ask({ type: 'send', room, clientId: 'c1', content: 'what a load of shit' });
    await until('it is stored', async () => {
      const page = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'ann');
      return ((page.body as HistoryPage).processedThrough ?? 0) >= (id as number);
    });
    const { body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'ann');
    const [message] = (body as HistoryPage).messages;
    assert.deepEqual([message?.id, message?.status], [id, 'masked']);
    await until('the outcome', () => socket.frames.some(({ type }) => type === 'message.updated'));
    await socket.close();
  });

  it('shows its queue to admins alone, to look at, and what is done without its text', async () => {
    assert.equal((await queues('/queues')).status, 401);
    assert.equal((await queues('/queues/api/queues', await bearer('bob', ['moderator']))).status, 403);
    const asAdmin = await bearer('root', ['admin']);
    const page = await queues('/queues', asAdmin);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy')!, /default-src 'self';.*frame-ancestors 'none'/);
    assert.match(await page.text(), /<title>/);
    const name = await queueName(asAdmin);
    const said = await (
      await queues(`/queues/api/queues?activeQueue=${name}&status=completed`, asAdmin)
    ).text();
    assert.match(said, /"completed":[1-9]/);
    assert.match(said, /1 message in bullmq-/);
    assert.ok(!said.includes('load of'), 'a job that is done holds no text');
  });

  it('lets a browser in by the session cookie, which changes nothing from elsewhere', async () => {
    const shown = await queues('/queues', { 'sec-fetch-dest': 'document' });
    assert.deepEqual([shown.status, shown.headers.get('location')], [303, '/queues-sign-in']);
    assert.match(await (await queues('/queues-sign-in')).text(), /Token of an admin/);
    const session = await queues('/v1/session', await bearer('root', ['admin']), 'POST');
    const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
    assert.equal((await queues('/queues/api/queues', { cookie })).status, 200);
    const path = `/queues/api/queues/${await queueName({ cookie })}/pause`;
    assert.equal((await queues(path, { cookie }, 'PUT')).status, 403);
    const own = await queues(path, { cookie, origin: admin }, 'PUT');
    assert.equal(own.status, 405, 'it is there to be looked at alone');
  });
});

describe('npm start with PIPELINE_ENGINE=bullmq', () => {
  it('starts no Temporal, stores what is said, and traces it to its job', async function () {
    this.timeout(240_000);
    const place = await placeToStart();
    const env = { ...place.env, PIPELINE_ENGINE: 'bullmq' };
    const start = npmStart(env);
    let traces = start.traces();
    try {
      const url = await start.ready();
      traces = start.traces();
      assert.doesNotMatch(start.output(), /^(Temporal|UI) /m);
      const post = async (path: string, body: unknown, headers = {}) => {
        const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
        const signal = AbortSignal.timeout(30_000);
        const answer = await fetch(new URL(path, url), { ...init, signal, body: JSON.stringify(body) });
        return (await answer.json()) as { token: string; id: number };
      };
      const { token: given } = await post('/v1/dev/token', { user: 'ada' });
      const headers = { authorization: `Bearer ${given}` };
      const { id } = await post('/v1/rooms/lobby/messages', { clientId: 'c1', content: 'hello' }, headers);
      await until('it is stored', async () => {
        const traced = run(['npm', 'run', '--silent', 'trace', 'lobby', String(id)], {
          DATA_DIR: place.dataDir,
        });
        await traced.exited;
        return (
          /^stored +\d/m.test(traced.output()) &&
          /^run +http:\S+\/queues\/queue\/parley\/batch-lobby/m.test(traced.output())
        );
      });
      assert.ok((await fetch(new URL('/readyz', url))).ok);
    } finally {
      process.kill(start.startPid()!, 'SIGINT');
      await start.exited;
      await untilGone(traces);
      place.remove();
    }
  });
});
