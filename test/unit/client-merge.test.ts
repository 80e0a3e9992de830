import assert from 'node:assert/strict';
import {
  fromHistory,
  mergeMessage,
  type RoomMessage,
  removeMessage,
  updateMessage,
} from '../../src/client/merge.ts';

const TIME = '2026-01-02T03:04:05.678Z';

function message(more: Partial<RoomMessage> = {}): RoomMessage {
  return {
    id: 7,
    revision: 1,
    room: 'r',
    user: 'ann',
    content: 'text',
    timestamp: TIME,
    status: 'visible',
    ...more,
  };
}

describe('client: two accounts of one message', () => {
  it('takes the higher revision, from the log and from history', () => {
    const older = message({ content: 'first' });
    const newer = message({ revision: 2, content: 'second' });
    for (const source of ['log', 'history'] as const) {
      assert.equal(mergeMessage(older, newer, source), newer);
      assert.equal(mergeMessage(newer, older, source), newer);
    }
  });

  it('prefers a decided message to a pending one of the same revision, whichever comes first', () => {
    const pending = message({ status: 'pending' });
    for (const status of ['visible', 'masked', 'held'] as const) {
      const decided = message({ status });
      assert.equal(mergeMessage(pending, decided, 'history'), decided);
      assert.equal(mergeMessage(decided, pending, 'log'), decided);
    }
  });

  it('keeps what the log said where history says otherwise of the same revision', () => {
    const restored = message({ status: 'visible' });
    const held = message({ status: 'held' });
    assert.equal(mergeMessage(restored, held, 'history'), restored);
    assert.equal(mergeMessage(held, restored, 'log'), restored);
  });

  it('keeps a removed message removed, with its author and without its text', () => {
    const removed = mergeMessage(
      message(),
      fromHistory('r', { id: 7, status: 'removed', reason: 'deleted', timestamp: TIME }),
      'history',
    );
    assert.deepEqual(removed, {
      id: 7,
      revision: 1,
      room: 'r',
      user: 'ann',
      timestamp: TIME,
      status: 'removed',
      reason: 'deleted',
    });
    assert.equal(mergeMessage(removed, message(), 'log'), removed);
    assert.equal(mergeMessage(removed, message({ revision: 2 }), 'history'), removed);
  });

  it('lets the log replace a tombstone of history, which has no revision', () => {
    const tombstone = fromHistory('r', { id: 7, status: 'removed', reason: 'held', timestamp: TIME });
    const allowed = message();
    assert.equal(mergeMessage(tombstone, allowed, 'log'), allowed);
    assert.equal(mergeMessage(tombstone, allowed, 'history'), tombstone);
  });

  it('changes nothing for an outcome of an older revision, or of a removed message', () => {
    const edited = message({ revision: 2 });
    assert.equal(updateMessage(edited, { id: 7, revision: 1, status: 'masked', content: '****' }), edited);
    const removed = message({ status: 'removed' });
    assert.equal(updateMessage(removed, { id: 7, revision: 1, status: 'visible' }), removed);
  });

  it('drops language and mood of the text before an edit, and keeps them for an outcome of the same text', () => {
    const language = { code: 'en', confidence: 1 };
    const known = { ...message(), language };
    const { revision } = known;
    const edited = updateMessage(known, { id: 1, revision: revision + 1, status: 'pending', content: 'new' });
    assert.equal(edited.language, undefined);
    assert.deepEqual(updateMessage(known, { id: 1, revision, status: 'visible' }).language, language);
  });

  it('keeps the text where an outcome brings none, and takes it where it does', () => {
    const pending = message({ status: 'pending' });
    const language = { code: 'en', confidence: 1 };
    const seen = updateMessage(pending, { id: 7, revision: 1, status: 'visible', language });
    assert.deepEqual(seen, message({ language }));
    assert.equal(
      updateMessage(pending, { id: 7, revision: 1, status: 'masked', content: '****' }).content,
      '****',
    );
  });

  const verdict = { action: 'mask', rules: ['a'], spans: [], policy: 'p' } as const;
  const noted = { original: 'as written', verdict: { ...verdict, rules: ['a'], spans: [] } };

  it('tells moderators what the last account of a message says, and nothing of an earlier one', () => {
    const masked = updateMessage(message(), {
      id: 7,
      revision: 1,
      status: 'masked',
      content: '***',
      ...noted,
    });
    assert.deepEqual(masked, message({ status: 'masked', content: '***', ...noted }));
    const edited = updateMessage(masked, { id: 7, revision: 2, status: 'pending', content: 'new' });
    assert.deepEqual(edited, message({ revision: 2, status: 'pending', content: 'new' }));
  });

  it('keeps of a removed message what moderators are told with the removal, and nothing once it is deleted', () => {
    const held = message({ status: 'held', audience: 'author', ...noted });
    const decision = { action: 'remove', by: 'mia', at: TIME, was: 'held' } as const;
    const removed = removeMessage(held, 'moderated', { ...noted, decision });
    const { content: _content, ...bare } = message({ status: 'removed' });
    assert.deepEqual(removed, { ...bare, reason: 'moderated', ...noted, decision });
    assert.deepEqual(removeMessage(removed, 'deleted'), { ...bare, reason: 'deleted' });
  });

  it('takes from history what a removal by a new log did not tell moderators', () => {
    const bare = removeMessage(message(), 'moderated');
    const row = message({ status: 'removed', reason: 'moderated', ...noted });
    assert.deepEqual(mergeMessage(bare, row, 'history'), { ...bare, ...noted });
    const deleted = removeMessage(message(), 'deleted');
    assert.equal(mergeMessage(deleted, row, 'history'), deleted);
  });
});
