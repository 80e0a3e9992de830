import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import {
  type Client,
  type ClientOptions,
  createClient,
  ParleyError,
  type RoomMessage,
} from '../../src/client/index.ts';
import { createNodeClient } from '../../src/client/node.ts';
import { token } from '../support/socket.ts';
import { startSystem, wholeHistory } from '../support/system.ts';
import { until } from '../support/until.ts';

type System = Awaited<ReturnType<typeof startSystem>>;

const idsOf = (messages: readonly { id: number }[]) => messages.map(({ id }) => id);
const refusedWith = (code: string) => (error: unknown) => error instanceof ParleyError && error.code === code;

describe('the client', () => {
  let system: System;
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

  function clientFor(user: string, options: Partial<ClientOptions> = {}): Client {
    const client = createNodeClient({ url: system.urls[0]!, token: () => token(user), ...options });
    clients.push(client);
    return client;
  }
  function newRoom() {
    rooms += 1;
    return `client-${process.pid}-${rooms}`;
  }
  const isDecided = ({ status }: RoomMessage) => status !== 'pending';

  it('carries a message to another member, and tells its author that it is stored', async () => {
    const name = newRoom();
    const [ann, ben] = [clientFor('ann').room(name), clientFor('ben').room(name)];
    await Promise.all([ann.join(), ben.join()]);
    const ack = await ann.send('Good morning, Ben.');
    assert.equal(ack.duplicate, false);
    await until('ben has it', () => ben.messages().length === 1);
    const [message] = ben.messages();
    assert.deepEqual([message?.id, message?.user, message?.content], [ack.id, 'ann', 'Good morning, Ben.']);
    const reply = await ben.send('Good morning, Ann.', { replyTo: ack.id });
    await until('ann has the reply', () => ann.messages().some(({ id }) => id === reply.id));
    assert.equal(ann.messages().find(({ id }) => id === reply.id)?.replyTo, ack.id);
  });

  it('shows an own message at once, and once only when it is acknowledged', async () => {
    const room = clientFor('ann').room(newRoom());
    await room.join();
    const seen: number[] = [];
    room.on('change', () => seen.push(room.pending().length + room.messages().length));
    const sent = room.send('first');
    assert.deepEqual(
      room.pending().map(({ content }) => content),
      ['first'],
    );
    assert.equal(room.messages().length, 0);
    await sent;
    assert.equal(room.pending().length, 0);
    assert.equal(room.messages().length, 1);
    await until('the pipeline has decided', () => room.messages().every(isDecided));
    assert.deepEqual([...new Set(seen)], [1]);
  });

  it('hears what the pipeline made of a message', async () => {
    const name = newRoom();
    const [ann, ben] = [clientFor('ann').room(name), clientFor('ben').room(name)];
    await Promise.all([ann.join(), ben.join()]);
    const updates: RoomMessage[] = [];
    ben.on('updated', messages => updates.push(...messages));
    const { id } = await ann.send('What a shitty morning this is, my friends.');
    await until('the message is decided', () => ben.messages().filter(isDecided).length === 1);
    const message = ben.messages()[0];
    assert.deepEqual([message?.id, message?.status, message?.language?.code], [id, 'masked', 'en']);
    assert.doesNotMatch(message?.content ?? '', /shit/);
    assert.deepEqual(idsOf(updates), [id]);
  });

  it('reads history backwards to its beginning, without hole or double', async () => {
    const name = newRoom();
    const writer = clientFor('ann').room(name);
    await writer.join();
    const acks = await Promise.all(Array.from({ length: 25 }, (_, i) => writer.send(`line ${i}`)));
    const reader = clientFor('ben', { recent: 5 }).room(name);
    await reader.join();
    assert.equal(reader.messages().length, 5);
    await until('the beginning is read', async () => !(await reader.loadOlder(7)), 60_000);
    await until('the room is live', () => reader.phase() === 'live');
    assert.deepEqual(
      idsOf(reader.messages()),
      idsOf(acks).sort((a, b) => a - b),
    );
    assert.equal(reader.hasOlder(), false);
    await until('all of it is decided', () => reader.messages().every(isDecided));
  });

  it('takes an answer of several pages as one', async function () {
    this.timeout(120_000);
    const name = newRoom();
    const writer = clientFor('ann').room(name);
    await writer.join();
    const long = '🌊'.repeat(4_000);
    const acks = await Promise.all(Array.from({ length: 20 }, () => writer.send(long)));
    const reader = clientFor('ben').room(name);
    let live = 0;
    reader.on('phase', ({ phase }) => {
      live += phase === 'live' ? 1 : 0;
    });
    await reader.join();
    assert.deepEqual(idsOf(reader.messages()), idsOf(acks));
    assert.equal(live, 1);
  });

  it('needs no token where a session cookie says who it is', async () => {
    const url = system.urls[0]!;
    const headers = { authorization: `Bearer ${await token('ann')}` };
    const session = await fetch(`${url}/v1/session`, { method: 'POST', headers });
    const cookie = session.headers.getSetCookie()[0]!.split(';')[0]!;
    const client = createClient({
      url,
      fetch: (address, init) => fetch(address, { ...init, headers: { cookie } }),
      webSocket: address => new WebSocket(address, { headers: { cookie } }),
    });
    clients.push(client);
    const room = client.room(newRoom());
    await room.join();
    assert.equal(client.user(), 'ann');
    await room.send('by cookie');
    assert.ok(Array.isArray((await client.listRooms()).rooms));
  });

  it('tells who is here', async () => {
    const name = newRoom();
    const ann = clientFor('ann').room(name);
    await ann.join();
    assert.deepEqual(ann.presence(), { users: ['ann'], members: 1 });
    const ben = clientFor('ben').room(name);
    await ben.join();
    assert.deepEqual(ben.presence(), { users: ['ann', 'ben'], members: 2 });
  });

  it('sends a burst larger than its window, each message once and in order', async function () {
    this.timeout(120_000);
    const name = newRoom();
    const room = clientFor('ann').room(name);
    await room.join();
    const acks = await Promise.all(Array.from({ length: 45 }, (_, i) => room.send(`quick ${i}`)));
    assert.equal(new Set(idsOf(acks)).size, 45);
    assert.deepEqual(
      room.messages().map(({ content }) => content),
      Array.from({ length: 45 }, (_, i) => `quick ${i}`),
    );
    const stored = () => wholeHistory(system.urls[0]!, name, 100);
    await until('all is stored', async () => (await stored()).length === 45, 60_000);
    assert.deepEqual(idsOf(await stored()), idsOf(room.messages()));
  });

  it('rejects with the code, and the field at fault, what the service refuses', async () => {
    const room = clientFor('ann').room(newRoom());
    await room.join();
    await assert.rejects(room.send('   '), refusedWith('content_empty'));
    await assert.rejects(room.send('x'.repeat(4_001)), refusedWith('content_too_long'));
    await room.send('mine', { clientId: 'taken' });
    await assert.rejects(room.send('other', { clientId: 'taken' }), refusedWith('id_conflict'));
    assert.equal((await room.send('mine', { clientId: 'taken' })).duplicate, true);
    assert.equal(room.messages().length, 1);
    await assert.rejects(clientFor('ann').room('No Room').join(), (error: unknown) => {
      return error instanceof ParleyError && error.code === 'invalid_field' && error.path === 'room';
    });
  });

  it('is refused a room that its token does not cover, and goes on in others', async () => {
    const client = clientFor('ann', { token: () => token('ann', { rooms: ['client-*'] }) });
    const elsewhere = client.room('elsewhere');
    await assert.rejects(elsewhere.join(), refusedWith('forbidden'));
    assert.equal(elsewhere.phase(), 'refused');
    const room = client.room(newRoom());
    await room.join();
    assert.equal(room.phase(), 'live');
  });

  it('ends for good where a new token is refused as well', async () => {
    const client = clientFor('ann', { token: () => 'no token at all' });
    await assert.rejects(client.room(newRoom()).join(), refusedWith('token_invalid'));
    assert.equal(client.state().state, 'closed');
  });

  it('brings a new token before its own ends, and stays', async () => {
    const asked: boolean[] = [];
    const client = clientFor('ann', {
      token: ({ refresh }) => {
        asked.push(refresh);
        return token('ann', {}, refresh ? '1h' : '6s');
      },
    });
    const room = client.room(newRoom());
    await room.join();
    const end = Date.now() + 6_000;
    await until('it asked for a new one', () => asked.includes(true), 60_000);
    await until('the first one has ended', () => Date.now() > end + 500);
    await room.send('still here');
    assert.equal(client.state().state, 'open');
    assert.deepEqual(asked, [false, true]);
  });

  it('comes back with a new token where its own has ended meanwhile', async () => {
    let refreshes = 0;
    const client = clientFor('ann', {
      token: ({ refresh }) => {
        if (refresh) refreshes += 1;
        // What is given in time is of somebody else, and refused.
        return token(refreshes === 1 ? 'ben' : 'ann', {}, refresh ? '1h' : '6s');
      },
    });
    const room = client.room(newRoom());
    await room.join();
    await until('the socket was closed', () => client.state().state !== 'open', 60_000);
    await until('it is back', () => room.phase() === 'live', 60_000);
    assert.equal(refreshes, 2);
    await room.send('still here');
  });

  it('bounds what is on its way, and what it waits for', async () => {
    const client = clientFor('ann', { url: 'http://127.0.0.1:1', maxUnacknowledged: 2 });
    const room = client.room(newRoom());
    const first = room.send('one', { timeoutMs: 300 });
    const second = room.send('two', { timeoutMs: 60_000 });
    await assert.rejects(room.send('three'), refusedWith('overloaded'));
    await assert.rejects(first, refusedWith('timeout'));
    assert.deepEqual(
      room.pending().map(({ content }) => content),
      ['two'],
    );
    client.close();
    await assert.rejects(second, refusedWith('closed'));
    await assert.rejects(room.send('four'), refusedWith('closed'));
    await assert.rejects(room.join(), refusedWith('closed'));
  });

  it('hears nothing of a room that it left', async () => {
    const name = newRoom();
    const client = clientFor('ann');
    const left = client.room(name);
    await left.join();
    left.leave();
    const again = client.room(name);
    assert.notEqual(again, left);
    await again.join();
    await again.send('after leaving');
    assert.equal(left.messages().length, 0);
    await assert.rejects(left.send('into the void'), refusedWith('closed'));
  });

  it('lists the rooms by name, page by page', async () => {
    const client = clientFor('ann');
    const names = [newRoom(), newRoom()];
    for (const name of names) {
      const room = client.room(name);
      await room.join();
      await room.send('to be listed');
    }
    await until('both are listed', async () => {
      const { rooms: listed } = await client.listRooms({ limit: 100 });
      return names.every(name => listed.some(({ room }) => room === name));
    });
    const { rooms: page, hasMore } = await client.listRooms({ limit: 1 });
    assert.deepEqual([page.length, hasMore], [1, true]);
    const next = await client.listRooms({ limit: 1, after: page[0]!.room });
    assert.ok(next.rooms[0]!.room > page[0]!.room);
  });
});
