/**
 * `npm run demo`: a handful of users hold a conversation in a room of the running `npm start`, seen through the
 * eyes of one of them; at the end every acknowledged message is looked up in history and accounted for.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../client/index.ts';
import { createNodeClient } from '../client/node.ts';
import type { Message, Tombstone } from '../message.ts';
import { withRunning } from '../stack/running.ts';
import { CONVERSATION, PEOPLE } from './conversation.ts';

const PAUSE_MS = 250;
const STORED_WITHIN_MS = 30_000;
const PAGE = 100;

const say = (line = '') => process.stdout.write(`${line}\n`);

async function main() {
  const url = withRunning(process.env).PAGE_URL?.replace(/\/$/, '');
  if (url === undefined) {
    process.stderr.write('The demo speaks to a running Parley: run npm start in another terminal first.\n');
    process.exitCode = 1;
    return;
  }
  const room = `demo-${new Date()
    .toISOString()
    .slice(0, 19)
    .toLowerCase()
    .replace(/[^\d-]/g, '-')}`;
  say(`Room ${room} — open ${url}/#${room} to watch it\n`);
  const tokens = new Map(
    await Promise.all(PEOPLE.map(async user => [user, await tokenOf(url, user)] as const)),
  );
  const clients = new Map<string, Client>(
    PEOPLE.map(user => [user, createNodeClient({ url, token: () => tokens.get(user)! })]),
  );
  await Promise.all([...clients.values()].map(client => client.room(room).join()));
  watch(clients.get('amira')!, room);
  const acked: number[] = [];
  for (const { user, text } of CONVERSATION) {
    acked.push((await clients.get(user)!.room(room).send(text)).id);
    await delay(PAUSE_MS);
  }
  const history = await storedHistory(url, room, tokens.get('amira')!, acked);
  for (const client of clients.values()) client.close();
  report(CONVERSATION.length, acked, history);
}

/** Prints what one member sees: messages as they come, and what becomes of them. */
function watch(client: Client, name: string) {
  const room = client.room(name);
  room.on('message', ({ id, user, content }) => say(`${String(id).padStart(4)}  ${user}: ${content ?? ''}`));
  room.on('updated', messages => {
    for (const { id, user, status, content } of messages) {
      if (status === 'masked')
        say(`${String(id).padStart(4)}  ↳ masked, now reads  ${user}: ${content ?? ''}`);
    }
  });
  room.on('removed', ({ ids, reason }) => {
    for (const id of ids) say(`${String(id).padStart(4)}  ↳ removed (${reason ?? 'moderated'})`);
  });
}

async function tokenOf(url: string, user: string): Promise<string> {
  const response = await fetch(`${url}/v1/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, name: user[0]!.toUpperCase() + user.slice(1) }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`no token: the demo needs AUTH_MODE=dev (status ${response.status})`);
  return ((await response.json()) as { token: string }).token;
}

/** The room's history once it reaches the last acknowledged message. */
async function storedHistory(url: string, room: string, token: string, acked: number[]) {
  const end = Date.now() + STORED_WITHIN_MS;
  for (;;) {
    const response = await fetch(`${url}/v1/rooms/${room}/messages?limit=${PAGE}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    const page = (await response.json()) as {
      messages: (Message | Tombstone)[];
      processedThrough: number | null;
    };
    if ((page.processedThrough ?? 0) >= Math.max(...acked) || Date.now() > end) return page.messages;
    await delay(100);
  }
}

function report(sent: number, acked: number[], history: (Message | Tombstone)[]) {
  const stored = new Map(history.map(message => [message.id, message]));
  const count = (status: string) => acked.filter(id => stored.get(id)?.status === status).length;
  const unaccounted = acked.filter(id => !stored.has(id)).length;
  say();
  say(`sent          ${sent}`);
  say(`acknowledged  ${acked.length}`);
  say(`stored        ${acked.length - unaccounted}`);
  say(`masked        ${count('masked')}`);
  say(`removed       ${count('removed')}`);
  say(`unaccounted   ${unaccounted}`);
  if (unaccounted > 0) process.exitCode = 1;
}

await main();
