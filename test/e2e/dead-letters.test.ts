import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Message } from '../../src/message.ts';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { freePort } from '../../src/stack/ports.ts';
import { reportOf } from '../support/audit.ts';
import { sendAll } from '../support/engines/account.ts';
import { POISON } from '../support/engines/fault-points.ts';
import { type EngineSystem, startEngineSystem } from '../support/engines/system.ts';
import { type ErrorBody, http } from '../support/gateway.ts';
import { openSocket, SECRET, type ServerFrame, type Socket, token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { call, type HistoryPage } from '../support/system.ts';
import { until } from '../support/until.ts';

type Letter = {
  id: number;
  room: string;
  messageId: number;
  cause: string;
  failures: number;
  redrivenAt?: string;
};
const COMMAND_TIMEOUT_MS = 120_000;
const COMMANDED = `letters-command-${process.pid}`;
const MENDED = { env: { POISON: 'mended' } };

describe('dead letters', () => {
  let system: EngineSystem;
  let adminUrl: string;
  /** A message set aside before the worker is mended, for the command. */
  let commanded: number;
  const sockets: Socket[] = [];
  before(async function () {
    this.timeout(240_000);
    const port = await freePort();
    adminUrl = `http://127.0.0.1:${port}`;
    system = await startEngineSystem('temporal', { ADMIN_PORT: String(port) });
    commanded = await setAside(COMMANDED);
  });
  afterEach(() => Promise.all(sockets.splice(0).map(socket => socket.close())));
  after(() => system?.close());

  async function admin(path: string, body?: unknown, roles: string[] = ['admin']) {
    const headers = { authorization: `Bearer ${await token('root', { roles })}` };
    const method = body === undefined ? 'GET' : 'POST';
    return await http(adminUrl, `/v1/admin/dead-letters${path}`, { method, headers, body });
  }
  async function lettersOf(room: string): Promise<Letter[]> {
    const { body } = await admin('?limit=100');
    return (body as { letters: Letter[] }).letters.filter(letter => letter.room === room);
  }
  async function redrive(ids: number[]): Promise<string[]> {
    const { status, body } = await admin('/redrive', { ids });
    assert.equal(status, 200, JSON.stringify(body));
    return (body as { results: { result: string }[] }).results.map(({ result }) => result);
  }
  async function join(user: string, room: string, more: object = {}): Promise<[Socket, ServerFrame]> {
    const socket = await openSocket(system.url, user);
    sockets.push(socket);
    return [socket, await socket.ask({ type: 'join', room, ...more })];
  }
  /** Sends a message that is set aside, between two that are stored; answers its id. */
  async function setAside(room: string): Promise<number> {
    const ids = await sendAll(system, room, ['before', `${POISON} one`, 'after']);
    await until('it is set aside', async () => (await lettersOf(room)).length === 1, 60_000);
    return ids[1]!;
  }
  const history = async (room: string) =>
    (await call(system.url, `/v1/rooms/${room}/messages`, 'ben')).body as HistoryPage;
  const idsOf = (page: HistoryPage) => page.messages.map(({ id }) => id);
  const restored = (frames: ServerFrame[]) =>
    frames.filter(({ type }) => type === 'message.restored').flatMap(({ messages }) => messages as Message[]);

  it('are listed, and redriven: to all who are there, into history and into replays', async function () {
    this.timeout(240_000);
    const room = `letters-${process.pid}`;
    const [ben, beginning] = await join('ben', room, { recent: 0 });
    const id = await setAside(room);
    const [letter] = await lettersOf(room);
    assert.deepEqual([letter?.messageId, letter?.cause, letter?.failures], [id, 'moderate: Poison', 1]);
    assert.ok(!JSON.stringify(letter).includes(POISON), 'an admin is not shown the text');
    await until('its neighbours are stored', async () => (await history(room)).messages.length === 2);
    const page = await history(room);
    assert.ok(!idsOf(page).includes(id));
    // She has the room from history, so she has never heard of it.
    const since = { epoch: page.epoch, offset: page.processedThrough };
    const [cara] = await join('cara', room, { since });

    assert.deepEqual(await redrive([letter!.id]), ['redriven']);
    await until('it has failed again', async () => (await lettersOf(room))[0]?.failures === 2, 60_000);
    assert.equal((await lettersOf(room))[0]?.redrivenAt, undefined);

    await system.endWorker();
    await system.startWorker(MENDED);
    assert.deepEqual(await redrive([letter!.id]), ['redriven']);
    for (const member of [ben, cara]) {
      await until('it is heard', () => restored(member.frames).length > 0, 60_000);
      const [message, ...more] = restored(member.frames);
      assert.equal(more.length, 0);
      assert.deepEqual([message?.id, message?.content, message?.status], [id, `${POISON} one`, 'visible']);
      assert.ok(!('verdict' in message! || 'batch' in message!));
    }
    await until('it is stored', async () => idsOf(await history(room)).includes(id), 60_000);
    assert.ok((await lettersOf(room))[0]?.redrivenAt);

    const [, answer] = await join('dan', room, { since });
    assert.deepEqual(
      restored(answer.events as ServerFrame[]).map(message => message.id),
      [id],
    );
    const { epoch, offset } = beginning;
    const [, whole] = await join('eve', room, { since: { epoch, offset } });
    const created = (whole.events as ServerFrame[]).filter(({ type }) => type === 'message.created');
    assert.deepEqual(
      created.map(({ message }) => message as Message).map(({ status }) => status),
      ['visible', 'visible', 'visible'],
    );

    const end = (await history(room)).processedThrough;
    assert.deepEqual(await redrive([letter!.id]), ['stored']);
    assert.equal((await history(room)).processedThrough, end);
  });

  it('are listed and redriven by command', async function () {
    this.timeout(240_000);
    const run = promisify(execFile);
    const command = async (...args: string[]) => {
      const entry = nodeArguments(new URL('../../src/dead-letters.ts', import.meta.url));
      const services = { DATABASE_URL: system.databaseUrl, REDIS_URL: system.redisUrl };
      const env = { PATH: process.env.PATH, AUTH_SECRET: SECRET, ...services };
      const cwd = fileURLToPath(new URL('../../', import.meta.url));
      const options = { env, cwd, timeout: COMMAND_TIMEOUT_MS };
      return (await run(process.execPath, [...entry, ...args], options)).stdout;
    };
    const line = (await command('list')).split('\n').find(one => one.includes(COMMANDED));
    assert.match(
      line!,
      new RegExp(`^\\d+  ${COMMANDED} ${commanded}, revision 1  analyse: moderate: Poison  .*waiting$`),
    );
    assert.match(await command('redrive', 'all'), /^\d+ {2}redriven {2}It is in the pipeline again\.\n$/);
    await until('it is stored', async () => idsOf(await history(COMMANDED)).includes(commanded), 60_000);
    await assert.rejects(
      command('redrive', '999999'),
      ({ code, stdout }: { code: number; stdout: string }) => {
        return code === 1 && stdout.includes('missing');
      },
    );
  });

  it('are accounted for, as what is stored is', async function () {
    this.timeout(120_000);
    const report = await reportOf({
      AUTH_SECRET: SECRET,
      DATABASE_URL: system.databaseUrl,
      REDIS_URL: system.redisUrl,
      TEMPORAL_ADDRESS: (await stack()).temporalAddress,
    });
    assert.deepEqual([report.unaccounted, report.code], [0, 0], JSON.stringify(report));
  });

  it('are for admins alone, by bearer, and their calls are checked', async () => {
    for (const [path, body] of [[''], ['/redrive', { ids: [1] }]] as const) {
      assert.equal((await admin(path, body, ['moderator'])).status, 403);
      const open = await http(
        adminUrl,
        `/v1/admin/dead-letters${path}`,
        body ? { method: 'POST', body } : {},
      );
      assert.equal(open.status, 401);
    }
    const codeOf = async (path: string, body?: unknown) => {
      const { error } = (await admin(path, body)).body as ErrorBody;
      return [error.code, error.path];
    };
    const many = Array.from({ length: 101 }, (_, i) => i + 1);
    for (const ids of [undefined, [], [0], ['1'], many, 1])
      assert.deepEqual(await codeOf('/redrive', { ids }), ['invalid_field', 'ids']);
    assert.deepEqual(await codeOf('?after=x'), ['invalid_cursor', 'after']);
    assert.deepEqual(await codeOf('?limit=101'), ['invalid_limit', 'limit']);
    assert.deepEqual(await codeOf('?before=1'), ['invalid_field', 'before']);
    const { body } = await admin('?limit=1');
    assert.equal((body as { hasMore: boolean }).hasMore, true);
    assert.deepEqual(await redrive([999_999]), ['missing']);
  });
});
