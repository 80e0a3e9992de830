import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';

const { History } = proto.temporal.api.history.v1;
const FOLDER = new URL('../histories/', import.meta.url);
const NAMES = readdirSync(FOLDER).filter(name => name.endsWith('.json'));
const textOf = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

/** Everything that a payload holds stands in base64. */
function decoded(text: string): string {
  return text.replace(/"([A-Za-z0-9+/]{16,}={0,2})"/g, (_, data: string) =>
    JSON.stringify(Buffer.from(data, 'base64').toString()),
  );
}

/**
 * Runs that were started by a former version are taken further by this one: a flow whose steps come in another order
 * would be stuck with them. Where the flow is meant to change, it must do so by a patch, or under another name;
 * `npm run histories` then makes new ones.
 */
describe('histories of real runs', function () {
  this.timeout(120_000);

  it('are there: with a retry, with poison, over many rooms, of a task, of a run over history that goes on as new', () => {
    assert.deepEqual(NAMES.sort(), [
      'history-continued.json',
      'history.json',
      'poison.json',
      'retry.json',
      'rooms.json',
      'task.json',
    ]);
    const has = (name: string, what: RegExp) => assert.match(decoded(textOf(name)), what, name);
    has('retry.json', /EVENT_TYPE_ACTIVITY_TASK_COMPLETED/);
    has('retry.json', /the store is away/);
    has('poison.json', /TypeError/);
    has('rooms.json', /alpha.*beta.*gamma.*delta/s);
    has('history-continued.json', /"signalName":"resume".*EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW/s);
    has('history.json', /EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED/);
    has('task.json', /the store is away.*EVENT_TYPE_ACTIVITY_TASK_COMPLETED/s);
  });

  it('can be replayed by the flow as it is', async () => {
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    const bundling = { workflowsPath, logger: new DefaultLogger('ERROR', () => undefined) };
    const workflowBundle = await bundleWorkflowCode(bundling);
    const histories = NAMES.map(name => ({
      workflowId: name.replace('.json', ''),
      history: History.fromObject(JSON.parse(textOf(name))),
    }));
    const replayed: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
      replayed.push(`${workflowId}.json`);
    }
    assert.deepEqual(replayed.sort(), NAMES);
  });

  it('say nothing of the machine they were made on', () => {
    for (const name of NAMES) {
      const text = decoded(textOf(name));
      assert.doesNotMatch(text, /node_modules|file:\/\/|\.ts:\d|\/(home|tmp|work|root|Users)\//, name);
      assert.ok(!text.includes(`"${hostname()}"`) && !text.includes(`@${hostname()}`), name);
    }
  });
});
