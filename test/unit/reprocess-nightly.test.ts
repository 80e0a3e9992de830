import assert from 'node:assert/strict';
import { createNightly } from '../../src/reprocess/nightly.ts';
import type { NewRun, ReprocessRun } from '../../src/store/reprocess-runs.ts';

const NIGHT = new Date('2026-11-28T02:30:00.000Z');

/** A store that holds runs in memory, as the real one does by their names. */
function memory(full = false) {
  const runs: (NewRun & { state: 'running' | 'done' })[] = [];
  let forgets = 0;
  const store = {
    read: async (run: string) => runs.find(one => one.run === run) as ReprocessRun | undefined,
    unfinished: async () => runs.filter(({ state }) => state !== 'done') as unknown as ReprocessRun[],
    async create(run: NewRun) {
      if (full) return undefined;
      runs.push({ ...run, state: 'running' });
      return run as unknown as ReprocessRun;
    },
    async forget() {
      forgets += 1;
      return forgets < 3;
    },
  };
  const nightly = createNightly({ store, policies: { newest: async () => 12 }, days: 7 });
  return { runs, asked: () => forgets, nightly: (at: Date) => nightly(at, new AbortController().signal) };
}

describe('the nightly run', () => {
  it('goes over what older policies decided in the last days, and asks before it takes much away', async () => {
    const { runs, nightly } = memory();
    await nightly(NIGHT);
    const { spec, maxRemovals } = runs[0]!;
    assert.deepEqual(
      [spec.from, spec.through, spec.outdated, spec.dryRun, spec.policiesThrough],
      ['2026-11-21T02:30:00.000Z', '2026-11-28T02:30:00.000Z', true, false, 12],
    );
    assert.ok(maxRemovals !== undefined && maxRemovals > 0);
  });

  it('is begun once for a night, however often it is asked for', async () => {
    const { runs, nightly } = memory();
    const [first, again] = [await nightly(NIGHT), await nightly(NIGHT)];
    assert.equal(runs.length, 1);
    assert.deepEqual(again, first);
    assert.match(runs[0]!.run, /^20261128-[0-9a-f]{8}$/);
  });

  it('forgets what ended long ago, until there is no more', async () => {
    const { asked, nightly } = memory();
    await nightly(NIGHT);
    assert.equal(asked(), 3);
  });

  it('waits for the one of the night before', async () => {
    const { runs, nightly } = memory();
    await nightly(NIGHT);
    const next = new Date(NIGHT.getTime() + 86_400_000);
    assert.deepEqual(await nightly(next), { waitsFor: runs[0]!.run, state: 'running' });
    assert.equal(runs.length, 1);
    runs[0]!.state = 'done';
    await nightly(next);
    assert.equal(runs.length, 2);
  });

  it('is tried again where there are too many runs', async () => {
    await assert.rejects(memory(true).nightly(NIGHT), /too many/);
  });
});
