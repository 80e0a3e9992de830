import assert from 'node:assert/strict';
import { type Client, ParleyError, type RoomMessage } from '../../src/client/index.ts';
import { createNodeClient } from '../../src/client/node.ts';
import { find, stands } from '../support/client-messages.ts';
import { cuttable } from '../support/cuttable.ts';
import { token } from '../support/socket.ts';
import { call, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const refusedWith = (code: string) => (error: unknown) => error instanceof ParleyError && error.code === code;

/** Edits, deletions, typing, reading and presence, as two clients on two gateways have them. */
describe('the client: verbs', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  const clients: Client[] = [];
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem({ gateways: 2 });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  after(async function () {
    this.timeout(120_000);
    await system?.close();
  });

  function clientFor(user: string, url = system.urls[0]!, claims: Record<string, unknown> = {}): Client {
    const client = createNodeClient({ url, token: () => token(user, claims) });
    clients.push(client);
    return client;
  }
  function newRoom() {
    rooms += 1;
    return `client-verbs-${process.pid}-${rooms}`;
  }
  /** Ann on one gateway and Ben on the other, both in a room of their own. */
  async function pair() {
    const name = newRoom();
    const [ann, ben] = [clientFor('ann').room(name), clientFor('ben', system.urls[1]).room(name)];
    await Promise.all([ann.join(), ben.join()]);
    return { name, ann, ben };
  }

  it('gives a message another text, which goes through the pipeline as the first one did', async () => {
    const { name, ann, ben } = await pair();
    const { id } = await ann.send('Good mornign to everybody in this house.');
    await stands(ben, id, ({ status }) => status === 'visible');
    const ack = await ann.edit(id, 'Good morning to everybody in this house.');
    assert.deepEqual([ack.id, ack.revision, ack.duplicate], [id, 2, false]);
    assert.equal(find(ann, id)?.content, 'Good morning to everybody in this house.');
    await stands(ben, id, ({ status, revision }) => status === 'visible' && revision === 2);
    const message = find(ben, id);
    assert.equal(message?.content, 'Good morning to everybody in this house.');
    assert.ok(message?.editedAt);
    assert.equal((await ann.edit(id, 'Good morning to everybody in this house.')).duplicate, true);
    await until('history has it', async () => {
      const { status, body } = await call(system.urls[1]!, `/v1/rooms/${name}/messages/${id}`, 'ben');
      return status === 200 && (body as RoomMessage).revision === 2;
    });
  });

  it('an edited message shows no language or mood of the text before', async () => {
    const { ann, ben } = await pair();
    const { id } = await ann.send('What a wonderful and lovely morning this is, my dear friends!');
    await stands(ben, id, ({ sentiment }) => sentiment?.label === 'positive');
    const seen: (RoomMessage | undefined)[] = [];
    ben.on('updated', messages => seen.push(...messages));
    await ann.edit(id, 'What a horrible and dreadful morning this is, my dear friends!');
    await stands(ben, id, ({ sentiment }) => sentiment?.label === 'negative');
    assert.deepEqual(
      seen.map(message => message?.sentiment?.label),
      [undefined, 'negative'],
    );
  });

  it('edits of one message take effect in the order in which they were asked for', async () => {
    const { ann, ben } = await pair();
    const { id } = await ann.send('zero');
    const acks = await Promise.all(['one', 'two', 'three'].map(text => ann.edit(id, text)));
    assert.deepEqual(
      acks.map(({ revision }) => revision),
      [2, 3, 4],
    );
    await stands(ben, id, ({ content, revision }) => content === 'three' && revision === 4);
  });

  it('deletes a message for everyone, its text too, and once only', async () => {
    const { ann, ben } = await pair();
    const { id } = await ann.send('I regret this.');
    const removed: unknown[] = [];
    ben.on('removed', change => removed.push(change));
    assert.equal((await ann.remove(id)).duplicate, false);
    assert.deepEqual([find(ann, id)?.status, find(ann, id)?.content], ['removed', undefined]);
    await stands(ben, id, ({ status, reason }) => status === 'removed' && reason === 'deleted');
    assert.equal(find(ben, id)?.content, undefined);
    assert.equal((await ann.remove(id)).duplicate, true);
    assert.deepEqual(
      removed.map(change => (change as { ids: number[] }).ids),
      [[id]],
    );
  });

  it('refuses others’ messages, unknown ones and empty texts; a moderator may delete', async () => {
    const { name, ann, ben } = await pair();
    const { id } = await ann.send('mine');
    await assert.rejects(ben.edit(id, 'yours'), refusedWith('forbidden'));
    await assert.rejects(ben.remove(id), refusedWith('forbidden'));
    await assert.rejects(ann.edit(999_999, 'nobody’s'), refusedWith('not_found'));
    await assert.rejects(ann.edit(id, ' '), refusedWith('content_empty'));
    const mod = clientFor('mia', system.urls[1], { roles: ['moderator'] }).room(name);
    await mod.join();
    await assert.rejects(mod.edit(id, 'better'), refusedWith('forbidden'));
    await mod.remove(id);
    await stands(ann, id, ({ status }) => status === 'removed');
  });

  it('carries an edit and a deletion over a lost connection', async () => {
    const name = newRoom();
    const way = await cuttable(system.urls[0]!);
    const [ann, ben] = [clientFor('ann', way.url).room(name), clientFor('ben', system.urls[1]).room(name)];
    await Promise.all([ann.join(), ben.join()]);
    const { id } = await ann.send('befor');
    const { id: other } = await ann.send('to be deleted');
    way.cut();
    await until('the loss is noticed', () => ann.phase() !== 'live');
    const changes = Promise.all([ann.edit(id, 'before'), ann.remove(other)]);
    way.mend();
    const [edited, removed] = await changes;
    assert.deepEqual([edited.revision, removed.duplicate], [2, false]);
    await stands(ben, id, ({ content }) => content === 'before');
    await stands(ben, other, ({ status }) => status === 'removed');
    clients[0]!.close();
    await way.close();
  });

  it('ends what is on its way when the room is left', async () => {
    const name = newRoom();
    const ann = clientFor('ann').room(name);
    const change = ann.edit(1, 'never joined');
    ann.leave();
    await assert.rejects(change, refusedWith('closed'));
    await assert.rejects(ann.remove(1), refusedWith('closed'));
  });

  it('tells the others who is typing, and forgets it with their message', async () => {
    const { ann, ben } = await pair();
    const heard: string[] = [];
    ben.on('typing', ({ user }) => heard.push(user));
    const startedAt = Date.now();
    ann.typing();
    ann.typing();
    await until('ben sees it', () => ben.typists().length === 1);
    assert.deepEqual(ben.typists(), ['ann']);
    await ann.send('there it is');
    await until('the message has come', () => ben.messages().length === 1);
    assert.deepEqual([ben.typists(), ann.typists()], [[], []]);
    // One word in two seconds.
    const due = 1 + Math.floor((Date.now() - startedAt) / 2_000);
    assert.ok(heard.length <= due && heard.every(user => user === 'ann'), String(heard));
  });

  it('forgets who was typing when nothing follows', async () => {
    const { ann, ben } = await pair();
    ann.typing();
    await until('ben sees it', () => ben.typists().length === 1);
    await until('it has ended', () => ben.typists().length === 0);
  });

  it('counts what is unread, and tells everyone how far one has read', async () => {
    const { name, ann, ben } = await pair();
    const first = await ann.send('one');
    const second = await ann.send('two');
    await until('ben has both', () => ben.messages().length === 2);
    assert.deepEqual([ben.unread(), ann.unread(), ben.readThrough()], [2, 0, 0]);
    const receipts: unknown[] = [];
    ann.on('receipt', receipt => receipts.push(receipt));
    ben.read(first.id);
    assert.deepEqual([ben.unread(), ben.readThrough()], [1, first.id]);
    await until('ann hears it', () => receipts.length === 1);
    assert.deepEqual(receipts, [{ user: 'ben', through: first.id }]);
    ben.read();
    ben.read(first.id);
    assert.equal(ben.unread(), 0);
    await until('ann hears the rest', () => (ann.readers().get('ben') ?? 0) >= second.id);
    const elsewhere = clientFor('ben').room(name);
    await elsewhere.join();
    assert.equal(elsewhere.readThrough(), ben.readThrough());
    assert.equal(elsewhere.unread(), 0);
  });

  it('hears at one place what was read at another', async () => {
    const { name, ann, ben } = await pair();
    const elsewhere = clientFor('ben').room(name);
    await elsewhere.join();
    const { id } = await ann.send('for ben');
    await until('both have it', () => ben.unread() === 1 && elsewhere.unread() === 1);
    ben.read(id);
    await until('the other place knows', () => elsewhere.unread() === 0);
  });

  it('tells what was read while offline', async () => {
    const name = newRoom();
    const way = await cuttable(system.urls[0]!);
    const ben = clientFor('ben', way.url).room(name);
    const ann = clientFor('ann', system.urls[1]).room(name);
    await Promise.all([ben.join(), ann.join()]);
    const { id } = await ann.send('read this on the train');
    await until('ben has it', () => ben.unread() === 1);
    way.cut();
    await until('the loss is noticed', () => ben.phase() !== 'live');
    ben.read(id);
    assert.equal(ben.unread(), 0);
    way.mend();
    await until('ann hears it', () => ann.readers().get('ben') === id, 60_000);
    clients[0]!.close();
    await way.close();
  });

  it('is put out of a room that its new token does not cover, and goes on in the others', async () => {
    const [lost, kept] = [newRoom(), newRoom()];
    const client = createNodeClient({
      url: system.urls[0]!,
      token: ({ refresh }) => (refresh ? token('ann', { rooms: [kept] }) : token('ann', {}, '2s')),
    });
    clients.push(client);
    // The new token is asked for at once: the room is lost while it is joined, or right after it.
    await Promise.allSettled([client.room(lost).join(), client.room(kept).join()]);
    await until('the room is lost', () => client.room(lost).phase() === 'refused', 60_000);
    await assert.rejects(client.room(lost).join(), refusedWith('forbidden'));
    await client.room(kept).send('still here');
    assert.equal(client.state().state, 'open');
  });

  it('shows who is here, over both gateways', async () => {
    const name = newRoom();
    const ann = clientFor('ann').room(name);
    await ann.join();
    await clientFor('ben', system.urls[1]).room(name).join();
    await until('ann sees ben', () => ann.presence().members === 2);
    assert.deepEqual(ann.presence().users, ['ann', 'ben']);
    const cleo = clientFor('cleo', system.urls[1]);
    await cleo.room(name).join();
    await until('ann sees cleo', () => ann.presence().users.includes('cleo'));
    cleo.close();
    await until('ann sees her go', () => !ann.presence().users.includes('cleo'), 60_000);
    assert.equal(ann.presence().members, 2);
  });
});
