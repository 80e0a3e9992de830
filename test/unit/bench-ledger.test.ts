import assert from 'node:assert/strict';
import { createLedger } from '../bench/cuts/ledger.ts';
import { findMarks, textOf } from '../bench/delivery/text.ts';

describe("the benchmarks' ledger", () => {
  it('finds each message with its number and time, and none that only warms up', () => {
    const frame = Buffer.from(
      `{"a":"${textOf(0, false)}"}\n{"a":"${textOf(1_500_000, false)}"}${textOf(7, true)}`,
    );
    const found: number[] = [];
    findMarks(frame, 0, frame.length, (n, sentUs) => {
      assert(sentUs > 0);
      found.push(n);
    });
    assert.deepEqual(found, [0, 1_500_000]);
  });

  it('sees what is missing, what comes twice and what comes late', () => {
    const ledger = createLedger(5);
    for (const n of [0, 2, 1, 2, 4]) ledger.message(textOf(n, false));
    const { delivered, doubles, disordered } = ledger.account();
    assert.deepEqual({ delivered, doubles, disordered }, { delivered: 4, doubles: 1, disordered: 1 });
  });

  it('is caught up with the first message sent after the line came back, not with an older one', () => {
    const ledger = createLedger(3);
    const old = textOf(0, false);
    ledger.cut();
    ledger.up();
    ledger.message(old);
    assert.equal(ledger.account().replaysMs.length, 0);
    ledger.message(textOf(1, false));
    const { replaysMs, absencesMs, cuts, overtaken } = ledger.account();
    assert.deepEqual([replaysMs.length, absencesMs.length, cuts, overtaken], [1, 1, 1, 0]);
  });

  it('counts a cut before the last one was caught up with', () => {
    const ledger = createLedger(1);
    ledger.cut();
    ledger.cut();
    assert.deepEqual([ledger.account().cuts, ledger.account().overtaken], [2, 1]);
  });
});
