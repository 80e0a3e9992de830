import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import { createLogger } from '../../src/logger.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { freePort } from '../../src/stack/ports.ts';
import { type ErrorBody, startGateway } from '../support/gateway.ts';
import { KEYED } from '../support/payload-key.ts';
import { token } from '../support/socket.ts';
import { stack } from '../support/stack.ts';
import { rowOf } from '../support/store.ts';

type Written = { metadata: Record<string, string>; data: string };
const UI = 'http://127.0.0.1:8233';
const KEY = Buffer.alloc(32, 7);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const PLAIN: Written = {
  metadata: { encoding: base64('json/plain') },
  data: base64('"good morning"'),
};

describe("the codec endpoint of Temporal's UI", function () {
  this.timeout(120_000);
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let admin: string;
  before(async () => {
    const port = await freePort();
    admin = `http://127.0.0.1:${port}`;
    const keys = `new:${Buffer.alloc(32, 9).toString('base64')},old:${KEY.toString('base64')}`;
    gateway = await startGateway({ ADMIN_PORT: String(port), PAYLOAD_KEY: keys });
  });
  after(() => gateway?.close());

  const bearer = async (roles: string[]) => ({ authorization: `Bearer ${await token('root', { roles })}` });
  const cookie = async (roles: string[]) => ({ cookie: `parley_session=${await token('root', { roles })}` });

  async function call(what: string, body: unknown, headers: Record<string, string>) {
    const answer = await fetch(`${admin}/codec/${what}`, {
      method: 'POST',
      // As the UI sends it.
      headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const json = (await answer.json()) as { payloads: Written[] } & ErrorBody;
    return { status: answer.status, headers: answer.headers, ...json, code: json.error?.code };
  }

  it('seals and opens for an admin, under the first key', async () => {
    const headers = await bearer(['admin']);
    const sealed = await call('encode', { payloads: [PLAIN] }, headers);
    const [one] = sealed.payloads;
    assert.equal(Buffer.from(one!.metadata.encoding!, 'base64').toString(), 'binary/encrypted');
    assert.equal(Buffer.from(one!.metadata['encryption-key-id']!, 'base64').toString(), 'new');
    assert.ok(!Buffer.from(one!.data, 'base64').includes('good morning'));
    const opened = await call('decode', { payloads: [one, PLAIN] }, headers);
    assert.deepEqual(opened.payloads, [PLAIN, PLAIN], 'what was never sealed is left as it is');
  });

  it("opens a batch as it stands in Temporal's storage", async () => {
    const { temporalAddress: address } = await stack();
    const logger = createLogger({ level: 'silent', part: 'test' });
    const engines = await KEYED.temporal(`codec-${process.pid}`);
    const connection = await connectTemporal({ address, logger, signal: AbortSignal.timeout(60_000) });
    const client = new Client({ connection });
    const engine = engines.engine([{ id: 'old', key: KEY }]);
    const id = `batch-codec-${process.pid}`;
    const { submission } = rowOf('lobby', 1, { submission: { content: 'the canary sings' } });
    await engine.start({ id, dispatchedAt: new Date().toISOString(), submissions: [submission] });
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId: id },
    });
    const started = history!.events![0]!;
    const payloads = [
      started.workflowExecutionStartedEventAttributes!.input!.payloads![0]!,
      started.userMetadata!.summary!,
    ].map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata!).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(data!).toString('base64'),
    }));
    const opened = await call('decode', { payloads }, await bearer(['admin']));
    const [batch, summary] = opened.payloads.map(
      ({ data }) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown,
    );
    assert.equal(
      (batch as { submissions: { content: string }[] }).submissions[0]!.content,
      'the canary sings',
    );
    assert.equal(summary, '1 message in lobby');
    await client.workflow.getHandle(id).terminate();
    await engine.close();
    await connection.close();
    await engines.close();
  });

  it("answers pages of the UI's origin, with a cookie too, and no others", async () => {
    const preflight = await fetch(`${admin}/codec/decode`, {
      method: 'OPTIONS',
      headers: {
        origin: UI,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), UI);
    assert.equal(preflight.headers.get('access-control-allow-credentials'), 'true');
    assert.match(preflight.headers.get('access-control-allow-headers')!, /X-Namespace/);
    const body = { payloads: [PLAIN] };
    const fromUi = await call('decode', body, { ...(await cookie(['admin'])), origin: UI });
    assert.deepEqual([fromUi.status, fromUi.headers.get('access-control-allow-origin')], [200, UI]);
    for (const origin of ['http://127.0.0.1:8234', 'http://localhost:8233', 'https://127.0.0.1:8233']) {
      const other = await call('decode', body, { ...(await cookie(['admin'])), origin });
      assert.deepEqual(
        [other.code, other.headers.get('access-control-allow-origin')],
        ['origin_denied', null],
      );
    }
    assert.equal((await call('decode', body, await cookie(['admin']))).code, 'origin_denied');
    const elsewhere = await fetch(`${admin}/v1/admin/audit`, {
      headers: { ...(await bearer(['admin'])), origin: UI },
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(elsewhere.status, 403, 'the UI may call its codec and nothing else');
  });

  it('is for admins alone', async () => {
    const body = { payloads: [PLAIN] };
    for (const what of ['encode', 'decode']) {
      assert.equal((await call(what, body, {})).code, 'unauthenticated');
      assert.equal((await call(what, body, await bearer(['moderator']))).code, 'forbidden');
      assert.equal((await call(what, body, { ...(await cookie([])), origin: UI })).code, 'forbidden');
    }
  });

  it('says what is wrong with what it is given, and which payload cannot be opened', async () => {
    const headers = await bearer(['admin']);
    const refused = async (body: unknown) => {
      const { code, error } = await call('decode', body, headers);
      return [code, error.path];
    };
    assert.deepEqual(await refused([]), ['bad_json', undefined]);
    assert.deepEqual(await refused({}), ['invalid_field', 'payloads']);
    assert.deepEqual(await refused({ payloads: [PLAIN, 1] }), ['invalid_field', 'payloads[1]']);
    assert.deepEqual(await refused({ payloads: [{ metadata: { encoding: 1 } }] }), [
      'invalid_field',
      'payloads[0]',
    ]);
    assert.deepEqual(await refused({ payloads: Array(1_001).fill(PLAIN) }), ['payload_too_large', undefined]);
    const sealedBy = (id: string, data: string) => ({
      metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64(id) },
      data,
    });
    const unknown = await call('decode', { payloads: [PLAIN, sealedBy('lost', 'AAAA')] }, headers);
    assert.deepEqual([unknown.code, unknown.error.path], ['invalid_field', 'payloads[1]']);
    assert.match(String(unknown.error.message), /the key "lost", which PAYLOAD_KEY lacks/);
    const [sealed] = (await call('encode', { payloads: [PLAIN] }, headers)).payloads;
    const bytes = Buffer.from(sealed!.data, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    for (const data of [bytes.toString('base64'), 'AAAA']) {
      const damaged = await call('decode', { payloads: [{ ...sealed, data }] }, headers);
      assert.match(String(damaged.error.message), /is damaged/);
    }
    const renamed = await call('decode', { payloads: [sealedBy('old', sealed!.data)] }, headers);
    assert.match(String(renamed.error.message), /is damaged, or "old" is not the key/);
  });

  it('signs a browser in, and is not there without a key', async () => {
    const get = (url: string, headers: Record<string, string> = {}) =>
      fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(30_000) });
    const shown = await get(`${admin}/codec`, { 'sec-fetch-dest': 'document' });
    assert.deepEqual([shown.status, shown.headers.get('location')], [303, '/codec-sign-in']);
    assert.match(await (await get(`${admin}/codec-sign-in`)).text(), /Token of an admin/);
    assert.match(await (await get(`${admin}/codec`, await cookie(['admin']))).text(), /cross-origin/);
    const port = await freePort();
    const without = await startGateway({ ADMIN_PORT: String(port) });
    assert.equal((await get(`http://127.0.0.1:${port}/codec`)).status, 404);
    await without.close();
  });
});
