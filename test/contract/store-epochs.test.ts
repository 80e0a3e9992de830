import assert from 'node:assert/strict';
import { createEpochStore, LayoutMismatch } from '../../src/store/epochs.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';

type Epoch = { epoch: string; base: number };

describe('store: epochs', () => {
  let db: OpenStore;
  let epochs: ReturnType<typeof createEpochStore>;
  before(async () => {
    db = await openStore({ size: 12 });
    epochs = createEpochStore(db.pool);
  });
  after(() => db.close());

  let names = 0;
  const newEpoch = () => `epoch-${++names}`;
  const recorded = async (partition: number) => {
    const { rows } = await db.pool.query(
      'SELECT epoch, room, base, reason FROM epochs WHERE partition = $1 ORDER BY begun_at',
      [partition],
    );
    return rows as (Epoch & { room: string | null; reason: string })[];
  };
  /** What a log does with an epoch: the first one stands. */
  const newLog = () => {
    const installed: Epoch[] = [];
    const install = async (epoch: Epoch) => {
      if (installed.length === 0) installed.push(epoch);
      return installed[0]!;
    };
    return { installed, install };
  };

  it('begins a partition at 0 the first time', async () => {
    const { installed, install } = newLog();
    const opened = await epochs.openPartition(1, 16, newEpoch, install);
    assert.equal(opened.base, 0);
    assert.equal(opened.lost, false);
    assert.deepEqual(installed, [{ epoch: opened.epoch, base: 0 }]);
    assert.deepEqual(await recorded(1), [{ epoch: opened.epoch, room: null, base: 0, reason: 'first' }]);
  });

  it('begins it above every id ever given when its log was lost', async () => {
    const earliest = Date.now() * 1_000;
    for (const _time of [1, 2, 3]) {
      await epochs.openPartition(2, 16, newEpoch, newLog().install);
    }
    const [first, second, third] = await recorded(2);
    assert.equal(first?.reason, 'first');
    assert.equal(second?.reason, 'lost');
    assert.ok(second!.base >= earliest && second!.base <= (Date.now() + 1_000) * 1_000);
    assert.ok(third!.base > second!.base);
    assert.ok(Number.isSafeInteger(third!.base));
  });

  it('has recorded the epoch before it is installed, and says lost after an install that failed', async () => {
    const failing = async ({ epoch }: Epoch) => {
      assert.deepEqual(
        (await recorded(3)).map(row => row.epoch),
        [epoch],
      );
      throw new Error('no log to be had');
    };
    await assert.rejects(epochs.openPartition(3, 16, newEpoch, failing), /no log to be had/);
    const opened = await epochs.openPartition(3, 16, newEpoch, newLog().install);
    assert.equal(opened.lost, true);
    assert.ok(opened.base > 0);
  });

  it('opens a partition for one process at a time, and all of them agree on what stands', async () => {
    const { installed, install } = newLog();
    let inside = 0;
    const alone = async (epoch: Epoch) => {
      inside += 1;
      assert.equal(inside, 1);
      await db.pool.query('SELECT 1');
      inside -= 1;
      return install(epoch);
    };
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => epochs.openPartition(4, 16, newEpoch, alone)),
    );
    assert.deepEqual(
      opened,
      opened.map(() => ({ ...installed[0], lost: false })),
    );
    assert.equal((await recorded(4)).length, 1);
  });

  it('opens different partitions side by side', async () => {
    const opened = await Promise.all(
      [5, 6, 7, 8].map(partition => epochs.openPartition(partition, 16, newEpoch, newLog().install)),
    );
    assert.deepEqual(
      opened.map(({ base }) => base),
      [0, 0, 0, 0],
    );
  });

  it('refuses another number of partitions, and installs nothing', async () => {
    const { installed, install } = newLog();
    await assert.rejects(
      epochs.openPartition(1, 32, newEpoch, install),
      (error: unknown) =>
        error instanceof LayoutMismatch && /ROOM_PARTITIONS: .* with 16, .* wants 32/.test(error.message),
    );
    assert.deepEqual(installed, []);
  });

  it("records a room's own epoch once, which tells that its partition had a log", async () => {
    const epoch = { partition: 9, epoch: newEpoch(), base: 77, reason: 'rolled back', room: 'lobby' };
    await epochs.record(epoch);
    await epochs.record(epoch);
    const { partition: _partition, ...rest } = epoch;
    assert.deepEqual(await recorded(9), [rest]);
    const opened = await epochs.openPartition(9, 16, newEpoch, newLog().install);
    assert.equal(opened.lost, true);
  });

  it('tells the highest id stored of a room, 0 where there is none', async () => {
    const room = newRoom();
    assert.equal(await epochs.lastStored(room), 0);
    await db.store.persist([rowOf(room, 12), rowOf(room, 5)]);
    assert.equal(await epochs.lastStored(room), 12);
  });
});
