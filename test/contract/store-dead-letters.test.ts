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
