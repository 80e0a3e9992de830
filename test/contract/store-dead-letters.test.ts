import assert from 'node:assert/strict';
import { type OpenStore, openStore } from '../support/store.ts';

describe('store: dead letters', () => {
  let db: OpenStore;
  before(async () => {
    db = await openStore();
  });
  after(() => db.close());

  const submission = {
    room: 'lobby',
    epoch: 'e',
    id: 1,
    offset: 1,
    revision: 1,
    user: 'ann',
    clientId: 'c',
    content: 'text',
    timestamp: '2026-01-01T00:00:00.000Z',
  };

  it('are kept once for each step, with the first cause', async () => {
    await db.store.deadLetter([{ submission, step: 'analyse', cause: 'first' }]);
    await db.store.deadLetter([
      { submission, step: 'analyse', cause: 'second' },
      { submission, step: 'announce', cause: 'other' },
      { submission: { ...submission, revision: 2 }, step: 'analyse', cause: 'edit' },
    ]);
    const letters = await db.store.deadLetters({ limit: 10 });
    assert.deepEqual(
      letters.map(({ cause }) => cause),
      ['first', 'other', 'edit'],
    );
    assert.deepEqual(letters[0]?.entry, submission);
    assert.equal(letters[0]?.redrivenAt, undefined);
    assert.match(letters[0]!.createdAt, /^\d{4}-.*Z$/);
  });

  it('of one message are one for each entry of the log: its deletion has the same id and revision', async () => {
    const made = { ...submission, id: 5, offset: 5 };
    const deleted = { ...made, offset: 6, content: '' };
    const both = [made, deleted].map(entry => ({ submission: entry, step: 'analyse', cause: 'given up' }));
    await db.store.deadLetter([...both, ...both]);
    const letters = (await db.store.deadLetters({ limit: 100 })).filter(({ messageId }) => messageId === 5);
    assert.deepEqual(
      letters.map(({ entry }) => entry.offset),
      [5, 6],
    );
  });

  it('count one failure for each way through the pipeline, and wait again', async () => {
    const entry = { ...submission, id: 7, offset: 7 };
    const fail = (redrive: number, cause: string, step = 'analyse') =>
      db.store.deadLetter([{ submission: { ...entry, redrive }, step, cause }]);
    const letters = async () =>
      (await db.store.deadLetters({ limit: 100 })).filter(({ messageId }) => messageId === 7);
    await db.store.deadLetter([{ submission: entry, step: 'analyse', cause: 'first' }]);
    const [{ id } = { id: 0 }] = await letters();
    assert.equal(await db.store.numberRedrive(id), 1);
    await db.store.markRedriven(id, 1);
    assert.ok((await db.store.letterById(id))?.redrivenAt);
    // What the first way still repeats says nothing new.
    await db.store.deadLetter([{ submission: entry, step: 'analyse', cause: 'late' }]);
    assert.equal((await db.store.letterById(id))?.cause, 'first');
    await fail(1, 'second');
    await fail(1, 'second, repeated');
    const kept = await db.store.letterById(id);
    assert.deepEqual([kept?.cause, kept?.failures, kept?.redrivenAt], ['second', 2, undefined]);
    assert.deepEqual(kept?.entry, entry);
    // It failed before it was noted as redriven: the note comes too late.
    assert.equal(await db.store.numberRedrive(id), 2);
    await fail(2, 'third');
    await db.store.markRedriven(id, 2);
    assert.equal((await db.store.letterById(id))?.redrivenAt, undefined);
    // At another step it is a letter of its own, and no number is given twice.
    assert.equal(await db.store.numberRedrive(id), 3);
    await fail(3, 'elsewhere', 'persist');
    const other = (await letters()).find(({ step }) => step === 'persist');
    assert.equal(await db.store.numberRedrive(other!.id), 4);
    assert.equal(await db.store.numberRedrive(id), 5);
    assert.equal(await db.store.numberRedrive(1_000_000), undefined);
  });

  it('hold what neither text nor jsonb can, escaped, and a cause of any length', async () => {
    const content = 'nul \0, half \ud83d, whole 👋, written \\u0000';
    const letter = {
      submission: { ...submission, id: 2, content },
      step: 'persist',
      cause: `\0${'x'.repeat(5_000)}`,
    };
    await db.store.deadLetter([letter]);
    const kept = (await db.store.deadLetters({ limit: 10 })).find(({ messageId }) => messageId === 2);
    assert.equal(kept?.entry.content, 'nul \\u0000, half \\ud83d, whole 👋, written \\u0000');
    assert.equal(kept?.cause.length, 1_000);
  });

  it('are listed page by page', async () => {
    const all = await db.store.deadLetters({ limit: 100 });
    const seen: number[] = [];
    for (let after = 0; ; ) {
      const page = await db.store.deadLetters({ limit: 2, after });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1)!.id;
    }
    assert.deepEqual(
      seen,
      all.map(({ id }) => id),
    );
  });
});
