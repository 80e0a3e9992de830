import assert from 'node:assert/strict';
import { createWindows } from '../../src/rooms/windows.ts';
import { until } from '../support/until.ts';

const LONG = 60_000;
const urgent = { bytes: 100, members: 10, patient: false };
const patient = { ...urgent, patient: true };

function gathering(windows: ReturnType<typeof createWindows>) {
  const handed: number[][] = [];
  return { handed, ...windows.open<number>(items => handed.push(items)) };
}

describe('the windows of busy rooms', () => {
  it('let the first frame after quiet go at once, and gather what follows within the window', async () => {
    const { add, handed } = gathering(createWindows({ windowMs: 30, busyDeliveries: 0 }));
    for (let i = 1; i <= 5; i += 1) add(i, urgent);
    assert.deepEqual(handed, [[1]]);
    await until('the window is over', () => handed.length === 2);
    assert.deepEqual(handed[1], [2, 3, 4, 5]);
  });

  it('hold nothing back on a gateway that is not busy, nor with a window of nothing', () => {
    for (const options of [
      { windowMs: LONG, busyDeliveries: 60 },
      { windowMs: 0, busyDeliveries: 0 },
    ]) {
      const { add, handed } = gathering(createWindows(options));
      for (let i = 1; i <= 5; i += 1) add(i, patient);
      assert.deepEqual(handed, [[1], [2], [3], [4], [5]]);
    }
  });

  it('count the deliveries of all rooms', () => {
    const windows = createWindows({ windowMs: LONG, busyDeliveries: 50 });
    const [one, other] = [gathering(windows), gathering(windows)];
    one.add(1, { ...urgent, members: 40 });
    other.add(1, urgent);
    other.add(2, urgent);
    assert.deepEqual([one.handed, other.handed], [[[1]], [[1]]]);
  });

  it('let a patient frame wait after quiet too, for the window or for the next that is not', async () => {
    const { add, handed } = gathering(createWindows({ windowMs: 30, busyDeliveries: 0 }));
    add(1, patient);
    assert.deepEqual(handed, []);
    add(2, urgent);
    assert.deepEqual(handed, [[1, 2]]);
    add(3, patient);
    await until('the window is over', () => handed.length === 2);
    assert.deepEqual(handed[1], [3]);
  });

  it('hand on at once what is asked for, and what has grown to 64 KiB', () => {
    const { add, flush, handed } = gathering(createWindows({ windowMs: LONG, busyDeliveries: 0 }));
    flush();
    add(1, patient);
    flush();
    flush();
    add(2, patient);
    add(3, { ...patient, bytes: 64 * 1024 });
    assert.deepEqual(handed, [[1], [2, 3]]);
  });

  it('end for all rooms on one tick', async () => {
    const windows = createWindows({ windowMs: 100, busyDeliveries: 0 });
    const [one, other] = [gathering(windows), gathering(windows)];
    one.add(1, patient);
    await new Promise(resolve => setTimeout(resolve, 30));
    other.add(1, patient);
    await until('one is handed on', () => one.handed.length === 1);
    assert.deepEqual(other.handed, [[1]]);
  });
});
