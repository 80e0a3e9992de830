import assert from 'node:assert/strict';
import { request } from 'node:http';
import fc from 'fast-check';
import WebSocket from 'ws';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { PATIENT, SECRET, type ServerFrame, token } from '../support/socket.ts';
import { freeDatabase, stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/** A short run in the tests; `npm run fuzz` takes a million. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 4_000);
const WINDOW = 200;
/** Verbs that have no answer when they are right. */
const SILENT = new Set(['typing', 'read']);

const anything = fc.oneof(fc.json(), fc.string({ unit: 'binary' })).map(String);
const value = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    1,
    -1,
    1.5,
    2 ** 53,
    1e308,
    '',
    'lobby',
    'a'.repeat(70),
    [],
    {},
    '\0',
    '\ud800',
    ' \u2003',
  ),
  fc.constantFrom('fuzz', 'fuzz-2', 'UPPER', 'ünïcode', '__proto__', 'constructor'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.jsonValue({ maxDepth: 2 }),
);
const VERBS = ['join', 'leave', 'send', 'edit', 'delete', 'typing', 'read', 'refresh', 'ping'];
const FIELDS = [
  'room',
  'since',
  'recent',
  'clientId',
  'content',
  'replyTo',
  'id',
  'through',
  'token',
  'extra',
  '__proto__',
];
/** What each verb needs. */
const NEEDS = new Map([
  ['join', ['room']],
  ['leave', ['room']],
  ['send', ['room', 'clientId', 'content']],
  ['edit', ['room', 'id', 'content']],
  ['delete', ['room', 'id']],
  ['typing', ['room']],
  ['read', ['room', 'through']],
]);
/** Frames that are nearly right: a verb and fields that may be, each with a value that may be. */
const nearly = fc.record({
  type: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom<unknown>(...VERBS) },
    { weight: 1, arbitrary: value },
  ),
  fields: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 }),
  right: fc.boolean(),
});

/** A frame as text; `ref` makes its answer findable. */
function encode(
  { type, fields, right }: { type: unknown; fields: Record<string, unknown>; right: boolean },
  ref: number,
): string {
  const base = right
    ? { room: 'fuzz', clientId: `c${ref % 500}`, content: `text ${ref}`, id: 1, through: 3 }
    : {};
  const wanted = (typeof type === 'string' && NEEDS.get(type)) || [];
  const given = Object.entries(base).filter(([name]) => wanted.includes(name));
  return JSON.stringify({ ...Object.fromEntries(given), ...(right ? {} : fields), type, ref });
}

describe('fuzz: whatever a client sends', () => {
  let gateway: RunningProcess;
  before(async function () {
    this.timeout(240_000);
    const { redisUrl } = await stack();
    const many = '10000000';
    gateway = await startProcess('gateway', {
      DATABASE_URL: await freeDatabase(),
      REDIS_URL: redisUrl,
      AUTH_SECRET: SECRET,
      PORT: '0',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'error',
      ...PATIENT,
      SEND_PER_SECOND: '1000000',
      SEND_BURST: '1000000',
      FRAMES_PER_SECOND: many,
      FRAME_BURST: many,
      MAX_UNSTORED: '1000000',
      ROOM_LOG_ENTRIES: '1000000',
    });
  });
  after(async () => {
    gateway?.kill('SIGTERM');
    await gateway?.exited;
  });
  const stillWell = async () => {
    assert.equal(gateway.output(), '', 'nothing unexpected was logged');
    assert.equal((await fetch(`${gateway.address}/healthz`)).status, 200);
  };

  it('gets an answer to every frame that has one, and never ends the process', async function () {
    this.timeout(Math.max(120_000, INPUTS));
    const headers = { authorization: `Bearer ${await token('fuzzer')}` };
    let open: { socket: WebSocket; waiting: Map<number, string> } | undefined;
    const missed: string[] = [];
    async function connect() {
      const socket = new WebSocket(`${gateway.address.replace('http', 'ws')}/v1/ws`, { headers });
      const waiting = new Map<number, string>();
      socket.on('message', data => {
        const frame = JSON.parse(String(data)) as ServerFrame;
        assert.notEqual(frame.code, 'internal', JSON.stringify(frame));
        if (typeof frame.ref === 'number') waiting.delete(frame.ref);
      });
      socket.on('error', () => undefined);
      await new Promise(resolve => socket.once('message', resolve));
      return { socket, waiting };
    }
    let ref = 0;
    for (const input of fc.sample(nearly, { numRuns: INPUTS, seed: 7 })) {
      ref += 1;
      if (open === undefined || open.socket.readyState !== WebSocket.OPEN) open = await connect();
      const { socket, waiting } = open;
      const text = encode(input, ref);
      const silent = typeof input.type === 'string' && SILENT.has(input.type) && input.right;
      if (!silent && Buffer.byteLength(text) < 65_536) waiting.set(ref, text);
      socket.send(text);
      if (waiting.size >= WINDOW) {
        await until(
          'answers',
          () => waiting.size < WINDOW / 2 || socket.readyState !== WebSocket.OPEN,
          60_000,
        );
      }
    }
    const { socket, waiting } = open!;
    // A verb without an answer that was wrong in a field has one; one that was right by chance has none.
    const unanswered = () => [...waiting.values()].filter(text => !/"type":"(typing|read)"/.test(text));
    await until(
      'the last answers',
      () => unanswered().length === 0 || socket.readyState !== WebSocket.OPEN,
      60_000,
    );
    missed.push(...unanswered());
    assert.deepEqual(missed, []);
    socket.close();
    await stillWell();
  });

  it('survives what is no frame at all', async function () {
    this.timeout(Math.max(120_000, INPUTS));
    const headers = { authorization: `Bearer ${await token('fuzzer')}` };
    let socket: WebSocket | undefined;
    for (const text of fc.sample(anything, { numRuns: Math.ceil(INPUTS / 20), seed: 8 })) {
      if (socket?.readyState !== WebSocket.OPEN) {
        socket = new WebSocket(`${gateway.address.replace('http', 'ws')}/v1/ws`, { headers });
        socket.on('error', () => undefined);
        await new Promise(resolve => socket!.once('message', resolve));
      }
      const current = socket;
      await new Promise<void>(resolve => {
        const done = () => {
          current.off('message', done).off('close', done);
          resolve();
        };
        current.on('message', done).on('close', done);
        current.send(text);
      });
    }
    socket?.terminate();
    await stillWell();
  });

  it('answers every path, cursor, body and token with a status below 500', async function () {
    this.timeout(Math.max(120_000, INPUTS));
    const bearer = await token('fuzzer');
    const part = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom('%', '%00', '%ff', '..', '-1', '1e9', '9'.repeat(30)),
    );
    const call = fc.record({
      path: fc.constantFrom(
        'rooms/fuzz/messages',
        'rooms/fuzz/messages/1',
        'rooms',
        'tickets',
        'session',
        'dev/token',
        'rooms/%E0%A4%A/messages',
      ),
      query: fc.array(fc.tuple(fc.constantFrom('before', 'after', 'around', 'limit', 'ticket', 'x'), part), {
        maxLength: 3,
      }),
      method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'OPTIONS'),
      body: anything,
      token: fc.oneof(
        { weight: 3, arbitrary: fc.constant(bearer) },
        { weight: 1, arbitrary: fc.base64String() },
        { weight: 1, arbitrary: fc.constant(`${bearer}x`) },
      ),
    });
    const { hostname, port } = new URL(gateway.address);
    for (const { path, query, method, body, token: given } of fc.sample(call, {
      numRuns: Math.ceil(INPUTS / 10),
      seed: 9,
    })) {
      const search = query.map(([name, text]) => `${name}=${text.replace(/[^\x21-\x7e]/g, '')}`).join('&');
      const status = await new Promise<number>((resolve, reject) => {
        const sent = request(
          {
            hostname,
            port,
            method,
            agent: false,
            path: `/v1/${path}?${search}`,
            headers: { authorization: `Bearer ${given}` },
          },
          response => {
            response.resume();
            response.on('end', () => resolve(response.statusCode!));
          },
        );
        sent.on('error', reject);
        sent.end(method === 'GET' ? undefined : body);
      });
      assert.ok(status < 500, `${method} /v1/${path}?${search}: ${status}`);
    }
    await stillWell();
  });
});
