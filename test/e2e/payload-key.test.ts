import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { npmStart, placeToStart, run, untilGone } from '../support/npm-start.ts';
import { until } from '../support/until.ts';

describe('npm start with PAYLOAD_KEY', () => {
  it("tells Temporal's UI of the codec, and its commands of the key", async function () {
    this.timeout(240_000);
    const place = await placeToStart();
    const key = randomBytes(32).toString('base64');
    const env = { ...place.env, PAYLOAD_KEY: key };
    const start = npmStart(env);
    let traces = start.traces();
    try {
      const url = await start.ready();
      traces = start.traces();
      const ui = /^UI +(\S+)/m.exec(start.output())![1]!;
      const get = async (path: string) =>
        (await fetch(new URL(path, ui), { signal: AbortSignal.timeout(30_000) })).json();
      const settings = (await get('/api/v1/settings')) as { Codec: { Endpoint: string } };
      assert.equal(settings.Codec.Endpoint, `http://127.0.0.1:${place.env.ADMIN_PORT}/codec`);
      const post = async (path: string, body: unknown, headers = {}) => {
        const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
        const signal = AbortSignal.timeout(30_000);
        const answer = await fetch(new URL(path, url), { ...init, signal, body: JSON.stringify(body) });
        return (await answer.json()) as { token: string; id: number };
      };
      const { token } = await post('/v1/dev/token', { user: 'ada', roles: ['admin'] });
      const headers = { authorization: `Bearer ${token}` };
      const content = 'the canary sings';
      const { id } = await post('/v1/rooms/lobby/messages', { clientId: 'c1', content }, headers);
      const command = async (...args: string[]) => {
        const child = run(['npm', 'run', '--silent', ...args], { DATA_DIR: place.dataDir });
        await child.exited;
        return child.output();
      };
      let traced = '';
      await until(
        'it is stored',
        async () => {
          traced = await command('trace', 'lobby', String(id));
          return /^stored +\d/m.test(traced);
        },
        60_000,
      );
      const workflow = /workflows\/(\S+)$/m.exec(traced)![1]!;
      const history = JSON.stringify(
        await get(
          `/api/v1/namespaces/default/workflows/${workflow}/history?execution.workflowId=${workflow}`,
        ),
      );
      // The UI's own server answers payloads as they are stored, in base64.
      assert.ok(history.includes(Buffer.from('binary/encrypted').toString('base64')), history.slice(0, 500));
      assert.match(await command('audit'), /^unaccounted +0$/m);
      assert.match(await command('export', '--', '--all'), /the canary sings/);
    } finally {
      process.kill(start.startPid()!, 'SIGINT');
      await start.exited;
      await untilGone(traces);
      place.remove();
    }
  });

  it('that is malformed ends with 78, and names the variable alone', async () => {
    const place = await placeToStart();
    const start = npmStart({ ...place.env, PAYLOAD_KEY: 'too short to be one' });
    assert.equal((await start.exited).code, 78);
    assert.match(start.output(), /PAYLOAD_KEY: key 1 must be 32 bytes as base64/);
    assert.doesNotMatch(start.output(), /too short to be one/);
    place.remove();
  });
});
