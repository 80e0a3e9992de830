import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { freePort } from '../../src/stack/ports.ts';
import { buildPage } from '../../src/web/build.ts';
import { startProcess } from '../support/processes.ts';
import { PATIENT, SECRET } from '../support/socket.ts';
import { freeDatabase, stack } from '../support/stack.ts';
import { call, emptied, type HistoryPage } from '../support/system.ts';
import { until } from '../support/until.ts';
import { openBrowser } from './chromium.ts';

/** Longest that a page may take for anything. */
export const WAIT_MS = 30_000;
/** What the browser says itself of a gateway that was killed, and of a refusal that the page tells in its own words. */
const EXPECTED =
  /ERR_CONNECTION_(?:REFUSED|RESET)|ERR_EMPTY_RESPONSE|closed before receiving a handshake|status of (?:400|409)/;
/** Runs in the page. */
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', violation =>
  console.error('blocked: ' + violation.violatedDirective + ' ' + violation.blockedURI))`;

/** The whole of Parley with development sign-in, and a browser to look at its page. */
export async function startPageSystem() {
  const services = await stack();
  await buildPage();
  const env = {
    DATABASE_URL: await freeDatabase(),
    REDIS_URL: services.redisUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
    TEMPORAL_TASK_QUEUE: `browser-${process.pid}-${Date.now()}`,
    AUTH_SECRET: SECRET,
    AUTH_MODE: 'dev',
    PORT: String(await freePort()),
    ADMIN_PORT: '0',
    WORKER_ADMIN_PORT: '0',
    LOG_LEVEL: 'warn',
    SEND_PER_SECOND: '1000',
    SEND_BURST: '1000',
  };
  await emptied(services.redisUrl);
  const startGateway = () => startProcess('gateway', { ...PATIENT, ...env });
  let gateway = await startGateway();
  const worker = await startProcess('worker', env);
  const browser: Browser = await openBrowser();
  /** What a page should never have said: errors of scripts, and what the Content-Security-Policy blocked. */
  let complaints: string[] = [];
  let rooms = 0;

  async function openPage({ width = 1_000, path = '', still = false } = {}): Promise<Page> {
    const reducedMotion = still ? 'reduce' : null;
    const context = await browser.newContext({ viewport: { width, height: 700 }, reducedMotion });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    page.on('pageerror', error => complaints.push(String(error)));
    page.on('console', said => {
      // The browser's own word on an answer that the page expects and deals with.
      const isExpected = EXPECTED.test(said.text());
      if (said.type() === 'error' && !isExpected) complaints.push(said.text());
    });
    await page.addInitScript({ content: TELL_VIOLATIONS });
    await page.goto(`${gateway.address}${path}`);
    return page;
  }

  async function signIn(page: Page, name: string) {
    await page.getByTestId('sign-in-name').fill(name);
    await page.getByTestId('sign-in-button').click();
    await page.getByTestId('connection').and(page.locator('[data-state=open]')).waitFor();
  }

  async function enter(page: Page, room: string) {
    await page.getByTestId('room-input').fill(room);
    await page.getByTestId('room-input').press('Enter');
    await page.getByRole('heading', { level: 1, name: room }).waitFor();
    // Joined, or refused: what is said from now on is heard live.
    await page.getByTestId('loading').waitFor({ state: 'detached' });
  }

  return {
    address: () => gateway.address,
    databaseUrl: env.DATABASE_URL,
    openPage,
    signIn,
    enter,
    async personIn(room: string, name: string): Promise<Page> {
      const page = await openPage();
      await signIn(page, name);
      await enter(page, room);
      return page;
    },
    /** Waits until the store has so many messages of the room: the page shows a verdict before that. */
    async stored(room: string, count: number): Promise<void> {
      const messages = async () =>
        ((await call(gateway.address, `/v1/rooms/${room}/messages`, 'reader')).body as HistoryPage).messages;
      await until(`${count} are stored`, async () => (await messages()).length === count, WAIT_MS);
    },
    newRoom() {
      rooms += 1;
      return `page-${env.PORT}-${process.pid}-${rooms}`;
    },
    async killGateway() {
      gateway.kill('SIGKILL');
      await gateway.exited;
    },
    async startGateway() {
      gateway = await startGateway();
    },
    /** After each test: closes all pages; throws where one has complained. */
    async closePages() {
      for (const context of browser.contexts()) await context.close();
      const said = complaints;
      complaints = [];
      assert.deepEqual(said, []);
    },
    async close() {
      await browser.close();
      for (const process of [worker, gateway]) {
        process.kill('SIGTERM');
        await process.exited;
      }
    },
  };
}

export type PageSystem = Awaited<ReturnType<typeof startPageSystem>>;

/** Writes and sends, as a person does. */
export async function say(page: Page, text: string) {
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('composer').press('Enter');
}

export const message = (page: Page, text: string) => page.getByTestId('message').filter({ hasText: text });
export const shown = (page: Page) => page.locator('[data-testid=message] .text').allTextContents();

/** Types on until the other page says so: who stopped typing is forgotten after some seconds, seen or not. */
export async function typeUntilSeen(typist: Page, other: Page, words: string) {
  const line = other.getByTestId('typing').filter({ hasText: words });
  await until(
    `it says: ${words}`,
    async () => {
      await typist.getByTestId('composer').pressSequentially('x', { delay: 50 });
      return (await line.count()) > 0;
    },
    WAIT_MS,
  );
}

/** Says the text again until a message of it got this status: a policy counts within seconds. Each is decided first. */
export async function sayUntil(page: Page, text: string, status: string) {
  const undecided = page.locator('[data-testid=message]:is([data-status=pending], [data-status=sending])');
  await until(
    `one is ${status}`,
    async () => {
      const before = await page.getByTestId('message').count();
      await say(page, text);
      await page.getByTestId('message').nth(before).waitFor();
      await until('it is decided', async () => (await undecided.count()) === 0, WAIT_MS);
      return (await page.locator(`[data-testid=message][data-status=${status}]`).count()) > 0;
    },
    WAIT_MS,
  );
}
