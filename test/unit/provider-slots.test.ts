import assert from 'node:assert/strict';
import { createSlots } from '../../src/provider/slots.ts';

describe('slots for calls', () => {
  /** Jobs by name that end, or fail, when they are told to. */
  function jobs() {
    const begun: string[] = [];
    const ends = new Map<string, { resolve(): void; reject(error: Error): void }>();
    const job = (name: string) => () =>
      new Promise<string>((resolve, reject) => {
        begun.push(name);
        ends.set(name, { resolve: () => resolve(name), reject });
      });
    return { begun, job, ends };
  }

  it('run so many at a time, the others in their order, and no more than may wait', async () => {
    const { begun, job, ends } = jobs();
    const inSlot = createSlots(2, 2);
    const results = ['a', 'b', 'c', 'd', 'e'].map(name => inSlot(job(name)));
    assert.equal(await results[4], undefined);
    assert.deepEqual(begun, ['a', 'b']);
    for (const name of ['b', 'c', 'a', 'd']) {
      ends.get(name)?.resolve();
      await results['abcd'.indexOf(name)];
    }
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd', undefined]);
  });

  it('are given back by a job that fails', async () => {
    const { job, ends } = jobs();
    const inSlot = createSlots(1, 1);
    const failing = inSlot(job('a'));
    const waiting = inSlot(job('b'));
    ends.get('a')?.reject(new Error('broken'));
    await assert.rejects(failing, /broken/);
    ends.get('b')?.resolve();
    assert.equal(await waiting, 'b');
    const last = inSlot(job('c'));
    ends.get('c')?.resolve();
    assert.equal(await last, 'c');
  });
});
