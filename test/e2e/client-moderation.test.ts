import assert from 'node:assert/strict';
import { type Client, ParleyError, type Room, type Run } from '../../src/client/index.ts';
import { createNodeClient } from '../../src/client/node.ts';
import type { Policy } from '../../src/moderation/policy/types.ts';
import { find, stands } from '../support/client-messages.ts';
import { token } from '../support/socket.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const refusedWith = (code: string, path?: string) => (error: unknown) =>
  error instanceof ParleyError && error.code === code && (path === undefined || error.path === path);
const words = (...rules: [word: string, action: 'mask' | 'hold' | 'block'][]): Policy => ({
  schema: 1,
  rules: rules.map(([word, action]) => ({ id: `own/${word}`, type: 'words', words: [word], action })),
});

/** What moderators and admins call, and what they see of messages, over a real gateway and worker. */
describe('the client: moderation', function () {
  this.timeout(120_000);
  let system: Awaited<ReturnType<typeof startSystem>>;
  const clients: Client[] = [];
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  after(() => system?.close());

  function clientFor(user: string, roles: string[] = []): Client {
    const client = createNodeClient({ url: system.urls[0]!, token: () => token(user, { roles }) });
    clients.push(client);
    return client;
  }
  function newRoom() {
    rooms += 1;
    return `client-moderation-${process.pid}-${rooms}`;
  }

  it('keeps what moderators are told of a message, live, after a join and in pages; members get none of it', async () => {
    const name = newRoom();
    const mia = clientFor('mia', ['moderator']);
    await mia.moderation.room(name).policy.save({
      version: 0,
      policy: words(['flurb', 'mask'], ['grook', 'hold'], ['snarg', 'block']),
    });
    const [seen, ann, ben] = [mia.room(name), clientFor('ann').room(name), clientFor('ben').room(name)];
    await Promise.all([seen.join(), ann.join(), ben.join()]);
    // A gateway and a worker may judge by the policy before for two seconds.
    await until('the policy counts', async () => {
      const { id } = await ann.send('is there a grook yet?');
      await stands(ann, id, ({ status }) => status !== 'pending');
      return find(ann, id)?.status === 'held';
    });
    const { id: masked } = await ann.send('a flurb it is');
    const { id: held } = await ann.send('a grook it is');
    const { id: blocked } = await ann.send('a snarg it is');
    await stands(seen, masked, ({ status }) => status === 'masked');
    await stands(seen, held, ({ status }) => status === 'held');
    await stands(seen, blocked, ({ status }) => status === 'removed');
    const told = (room: Room, id: number) => {
      const { status, audience, original, verdict, content } = find(room, id)!;
      return [status, audience, content, original, verdict?.rules[0]];
    };
    const expected = [
      ['masked', undefined, 'a ***** it is', 'a flurb it is', 'own/flurb'],
      ['held', 'author', 'a grook it is', undefined, 'own/grook'],
      ['removed', undefined, undefined, 'a snarg it is', 'own/snarg'],
    ];
    const ids = [masked, held, blocked];
    assert.deepEqual(
      ids.map(id => told(seen, id)),
      expected,
    );
    await stands(ben, blocked, ({ status }) => status === 'removed');
    for (const message of [...ben.messages(), ...ann.messages()]) {
      assert.ok(!['audience', 'original', 'verdict', 'decision'].some(field => field in message));
    }
    const later = clientFor('moe', ['moderator']).room(name);
    await later.join();
    await until('all are there', () => ids.every(id => find(later, id) !== undefined));
    assert.deepEqual(
      ids.map(id => told(later, id)),
      expected,
    );
    const { decision: none } = find(seen, held)!;
    assert.equal(none, undefined);
  });

  it('decides on messages with reasons, which the queue loses and the log keeps', async () => {
    const name = newRoom();
    const mia = clientFor('mia', ['moderator']);
    const moderation = mia.moderation.room(name);
    const { version } = await moderation.policy.save({ version: 0, policy: words(['grook', 'hold']) });
    assert.equal(version, 1);
    const [seen, ann, ben] = [mia.room(name), clientFor('ann').room(name), clientFor('ben').room(name)];
    await Promise.all([seen.join(), ann.join(), ben.join()]);
    const held: number[] = [];
    await until('three are held', async () => {
      const { id } = await ann.send('one more grook');
      await stands(ann, id, ({ status }) => status !== 'pending');
      if (find(ann, id)?.status === 'held') held.push(id);
      return held.length === 3;
    });
    const [first, second, third] = held as [number, number, number];
    await until('the queue has them', async () => (await moderation.queue()).messages.length === 3);
    const page = await moderation.queue({ after: first, limit: 1 });
    assert.deepEqual([page.messages[0]?.id, page.hasMore], [second, true]);
    assert.equal(page.messages[0]?.verdict?.action, 'hold');
    const released = await moderation.release(first, { reason: 'harmless' });
    assert.deepEqual([released.id, released.duplicate], [first, false]);
    assert.equal((await moderation.release(first)).duplicate, true);
    await moderation.remove(second);
    await stands(ben, first, ({ status, content }) => status === 'visible' && content === 'one more grook');
    await stands(seen, first, ({ decision }) => decision?.action === 'release' && decision.by === 'mia');
    await stands(seen, second, ({ status, original }) => status === 'removed' && original !== undefined);
    // Its author deletes it: nothing of it is left for moderators either.
    await ann.remove(third);
    await stands(seen, third, ({ status }) => status === 'removed');
    const gone = find(seen, third)!;
    assert.deepEqual([gone.content, gone.original, gone.verdict], [undefined, undefined, undefined]);
    await until('both are noted', async () => (await moderation.log()).entries.length === 2);
    const { entries } = await moderation.log({ limit: 1 });
    assert.deepEqual(
      [entries[0]?.action, entries[0]?.messageId, entries[0]?.was],
      ['remove', second, 'held'],
    );
    const older = await moderation.log({ before: entries[0]!.id });
    assert.deepEqual([older.entries[0]?.reason, older.hasMore], ['harmless', false]);
    await assert.rejects(moderation.release(999_999), refusedWith('not_found'));
    await assert.rejects(
      moderation.remove(first, { reason: 'x'.repeat(501) }),
      refusedWith('invalid_field', 'reason'),
    );
    await assert.rejects(clientFor('ann').moderation.room(name).log(), refusedWith('forbidden'));
  });

  it('mutes and bans in a room and everywhere, lists them by pages, and lifts them', async () => {
    const name = newRoom();
    const mia = clientFor('mia', ['moderator']).moderation.room(name);
    const ann = clientFor('ann').room(name);
    await ann.join();
    const muted = await mia.mute('ann', { seconds: 600, reason: 'shouting' });
    assert.deepEqual([muted.user, muted.by, muted.reason], ['ann', 'mia', 'shouting']);
    const left = Date.parse(muted.until!) - Date.parse(muted.createdAt);
    assert.ok(Math.abs(left - 600_000) < 1_000, `${left} ms`);
    await assert.rejects(ann.send('am I heard?'), refusedWith('forbidden'));
    await mia.mute('ben');
    const page = await mia.mutes({ limit: 1 });
    assert.deepEqual([page.mutes.map(({ user }) => user), page.hasMore], [['ann'], true]);
    const rest = await mia.mutes({ after: 'ann' });
    assert.deepEqual([rest.mutes[0]?.user, rest.mutes[0]?.until, rest.hasMore], ['ben', undefined, false]);
    await mia.unmute('ann');
    await mia.unmute('ann');
    await ann.send('now I am');
    await mia.ban('ann', { reason: 'enough' });
    await until('she is put out', () => ann.phase() === 'refused');
    assert.equal((await mia.bans()).bans[0]?.reason, 'enough');
    await mia.unban('ann');
    await ann.join();
    await assert.rejects(mia.mute('mia'), refusedWith('forbidden', 'user'));
    await assert.rejects(mia.mute('no name'), refusedWith('invalid_field', 'user'));
    await assert.rejects(mia.ban('ann', { seconds: 0 }), refusedWith('invalid_field', 'seconds'));

    const { everywhere } = clientFor('root', ['admin']).moderation;
    await everywhere.mute('cleo', { seconds: 60 });
    const cleo = clientFor('cleo').room(name);
    await cleo.join();
    await assert.rejects(cleo.send('hello?'), refusedWith('forbidden'));
    assert.deepEqual(
      (await everywhere.mutes()).mutes.map(({ user }) => user),
      ['cleo'],
    );
    await everywhere.unmute('cleo');
    await everywhere.ban('dora');
    await assert.rejects(clientFor('dora').listRooms(), refusedWith('forbidden'));
    assert.equal((await everywhere.bans()).bans.length, 1);
    await everywhere.unban('dora');
    await assert.rejects(
      clientFor('mia', ['moderator']).moderation.everywhere.mutes(),
      refusedWith('forbidden'),
    );
  });

  it('reads and sets policies by version, a room’s and the default', async () => {
    const name = newRoom();
    const { policy } = clientFor('mia', ['moderator']).moderation.room(name);
    const none = await policy.read();
    assert.deepEqual([none.version, none.policy.rules, none.scope], [0, [], name]);
    assert.ok(none.effective!.rules.length > 0);
    const policyOf = (word: string) => words([word, 'mask']);
    for (const [version, word] of ['one', 'two', 'three'].entries()) {
      await policy.save({ version, policy: policyOf(word), reason: `because of ${word}` });
    }
    await assert.rejects(policy.save({ version: 1, policy: policyOf('late') }), refusedWith('id_conflict'));
    const wrong = {
      schema: 1,
      rules: [{ id: 'a', type: 'words', words: ['!!!'], action: 'mask' }],
    } as Policy;
    await assert.rejects(
      policy.save({ version: 3, policy: wrong }),
      refusedWith('invalid_field', 'policy.rules[0].words[0]'),
    );
    const { versions } = await policy.versions({ before: 3 });
    assert.deepEqual(
      versions.map(({ version, author, reason }) => [version, author, reason]),
      [
        [2, 'mia', 'because of two'],
        [1, 'mia', 'because of one'],
      ],
    );
    const { defaultPolicy } = clientFor('root', ['admin']).moderation;
    const builtin = await defaultPolicy.read();
    assert.equal(builtin.scope, 'default');
    const stored = await defaultPolicy.save({
      version: builtin.version,
      policy: builtin.policy,
      reason: 'as it is',
    });
    assert.equal((await defaultPolicy.versions()).versions[0]?.version, stored.version);
    await assert.rejects(
      clientFor('mia', ['moderator']).moderation.defaultPolicy.save({
        version: stored.version,
        policy: builtin.policy,
      }),
      refusedWith('forbidden'),
    );
  });

  it('runs history again: tried first, then applied, stopped and taken back', async () => {
    const name = newRoom();
    const [ann, ben] = [clientFor('ann').room(name), clientFor('ben').room(name)];
    await Promise.all([ann.join(), ben.join()]);
    const { id } = await ann.send('a snarg it was');
    await ann.send('nothing of note');
    const { runs, room } = clientFor('root', ['admin']).moderation;
    await until('both are stored', () => ann.messages().every(({ status }) => status === 'visible'));
    await room(name).policy.save({ version: 0, policy: words(['snarg', 'block']) });
    const ended = async ({ run }: Run) => {
      await until('the run has ended', async () => (await runs.read(run)).endedAt !== undefined, 60_000);
      return await runs.read(run);
    };
    const request = { rooms: [name], redo: 'moderation' as const };
    let tried = await ended(await runs.begin(request));
    await until(
      'it saw what is stored',
      async () => {
        if (tried.counts.matched < 2) tried = await ended(await runs.begin(request));
        return tried.counts.matched === 2;
      },
      60_000,
    );
    assert.deepEqual(
      [tried.dryRun, tried.state, tried.counts.changed, tried.counts.applied],
      [true, 'done', 1, 0],
    );
    const report = await runs.report(tried.run);
    assert.deepEqual(report.kinds, [{ kind: 'removed', state: 'found', count: 1 }]);
    assert.deepEqual(report.rules, [{ rule: 'own/snarg', hits: 1, misses: 0 }]);
    assert.deepEqual([report.samples[0]?.text, report.samples[0]?.after.action], ['a snarg it was', 'block']);
    assert.equal(find(ben, id)?.status, 'visible');

    const strict = await runs.begin({ ...request, dryRun: false, maxRemovals: 0 });
    await until('it is parked', async () => (await runs.read(strict.run)).state === 'parked', 60_000);
    await assert.rejects(runs.undo(strict.run), refusedWith('id_conflict'));
    assert.equal((await runs.rate(strict.run, 50)).rate, 50);
    assert.equal((await runs.pause(strict.run)).state, 'paused');
    await runs.resume(strict.run, { maxRemovals: 1 });
    assert.equal((await ended(strict)).counts.applied, 1);
    await stands(ben, id, ({ status }) => status === 'removed');
    const back = await runs.undo(strict.run);
    assert.equal(back.undoes, strict.run);
    await ended(back);
    await stands(ben, id, ({ status, content }) => status === 'visible' && content === 'a snarg it was');
    const { runs: listed, hasMore } = await runs.list({ limit: 1 });
    assert.deepEqual([listed[0]?.run, hasMore], [back.run, true]);
    await assert.rejects(runs.cancel(strict.run), refusedWith('id_conflict'));
    await assert.rejects(runs.begin({ rooms: ['No room'] }), refusedWith('invalid_field', 'rooms'));
    await assert.rejects(clientFor('mia', ['moderator']).moderation.runs.list(), refusedWith('forbidden'));
  });
});
