/**
 * `tsx test/bench/inline.ts [seconds]`: how late a gateway's event loop is while hostile texts are sent into an inline
 * room, and beside it into a live one. One gateway as a process of its own; ten senders, each with one text under way.
 */
import { openSocket, token } from '../support/socket.ts';
import { mochaGlobalTeardown } from '../support/stack.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const SENDERS = 10;
const TEXTS = [
  'f.u.c.k '.repeat(500),
  '\u{1d523}\u{1d532}\u0300'.repeat(1_300),
  'a@b.c http://x.y/ '.repeat(220),
  '(('.repeat(2_000),
  'you are all so kind '.repeat(200),
];

async function main() {
  const ms = Number(process.argv[2] ?? 10) * 1_000;
  const adminPort = 20_000 + (process.pid % 20_000);
  const system = await startSystem({ env: { ADMIN_PORT: String(adminPort), MAX_UNSTORED: '10000000' } });
  try {
    for (const mode of ['live', 'inline'])
      process.stdout.write(
        `${mode} ${JSON.stringify(await measure(mode, { url: system.urls[0]!, adminPort, ms }))}\n`,
      );
  } finally {
    await system.close();
    await mochaGlobalTeardown();
  }
}

async function measure(mode: string, { url, adminPort, ms }: { url: string; adminPort: number; ms: number }) {
  const room = `bench-inline-${process.pid}-${mode}`;
  const headers = {
    authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}`,
    'content-type': 'application/json',
  };
  const rules = [{ id: 'own/probe', type: 'words', words: ['probe'], action: 'block' }];
  const policy = { schema: 1, rules, release: { mode, afterDeadline: 'open' } };
  const body = JSON.stringify({ version: 0, policy });
  await fetch(`${url}/v1/rooms/${room}/policy`, {
    method: 'PUT',
    headers,
    body,
    signal: AbortSignal.timeout(5_000),
  });
  const senders = await Promise.all(Array.from({ length: SENDERS }, (_, i) => openSocket(url, `user-${i}`)));
  for (const sender of senders) await sender.ask({ type: 'join', room, recent: 0 });
  let sent = 0;
  const send = async (i: number, content: string) => {
    sent += 1;
    return await senders[i]!.ask({
      type: 'send',
      room,
      clientId: `c${sent}`,
      content: `${sent} ${content}`.slice(0, 4_000),
    });
  };
  if (mode === 'inline') await until('it judges', async () => (await send(0, 'probe')).code === 'blocked');
  // What is read goes back to nothing.
  await lateness(adminPort);
  const [before, end] = [sent, Date.now() + ms];
  const took: number[] = [];
  const loops = senders.map(async (_, i) => {
    for (let k = i; Date.now() < end; k += 1) {
      const at = performance.now();
      await send(i, TEXTS[k % TEXTS.length]!);
      took.push(performance.now() - at);
    }
  });
  await Promise.all(loops);
  const worst = await lateness(adminPort);
  for (const sender of senders) await sender.close();
  took.sort((a, b) => a - b);
  const at = (share: number) => Number(took[Math.floor(took.length * share)]?.toFixed(1));
  return { texts: sent - before, ackP50: at(0.5), ackP99: at(0.99), loopP99: worst.p99, loopMax: worst.max };
}

/** The delay of the gateway's event loop since it was last asked, in ms. */
async function lateness(adminPort: number) {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  const value = (name: string) =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 'NaN') * 1_000;
  return { p99: value('nodejs_eventloop_lag_p99_seconds'), max: value('nodejs_eventloop_lag_max_seconds') };
}

await main();
