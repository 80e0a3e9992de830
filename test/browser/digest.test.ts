import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { message, type PageSystem, say, startPageSystem, WAIT_MS } from './page-system.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return (await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(node => id + ': ' + node.html.slice(0, 160))))`)) as string[];
}

describe('the chat page: the last days', () => {
  let system: PageSystem;
  let db: pg.Pool;
  before(async function () {
    this.timeout(300_000);
    system = await startPageSystem();
    db = new pg.Pool({ connectionString: system.databaseUrl, max: 1, connectionTimeoutMillis: 30_000 });
  });
  afterEach(() => system.closePages());
  after(async () => {
    await db?.end();
    await system?.close();
  });

  /** Days of messages that nobody waited for, and today's by real people. */
  async function roomWithDays(): Promise<string> {
    const room = system.newRoom();
    await db.query(PLANTED, [room]);
    const ann = await system.personIn(room, 'Ann');
    await say(ann, 'I love this wonderful day');
    await say(ann, 'what the fuck is that');
    await ann.locator('[data-testid=message][data-status=visible]').first().waitFor();
    await ann.locator('[data-testid=message][data-status=masked]').first().waitFor();
    // The page reads the days once, and knows a verdict before the store does.
    const stored = async () => (await db.query('SELECT FROM messages WHERE room = $1', [room])).rowCount;
    await until('all are stored', async () => (await stored()) === PLANTED_ROWS + 2, WAIT_MS);
    await ann.context().close();
    return room;
  }
  async function open(room: string, { moderator = false, width = 1_000, dark = false } = {}) {
    const page = await system.openPage({ width, still: true });
    if (dark) await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    if (moderator) await page.getByLabel('As a moderator').check();
    await system.signIn(page, 'Mia');
    await system.enter(page, room);
    await page.getByTestId('digest-button').press('Enter');
    await page.getByTestId('digest-total').waitFor();
    return page;
  }
  const textOf = async (page: Page, id: string) => (await page.getByTestId(id).textContent()) ?? '';

  it('shows today so far, and another day on demand, with its hours, mood and languages', async () => {
    const page = await open(await roomWithDays());
    await page.getByText('2 messages by 1 person so far').waitFor();
    const days = page.getByTestId('digest-day');
    assert.equal(await days.count(), 7);
    assert.equal(await days.nth(6).getAttribute('aria-pressed'), 'true');
    await days.nth(5).press('Enter');
    await page.getByText('60 messages by 5 people', { exact: true }).waitFor();
    assert.match(await textOf(page, 'digest'), /Busiest from 09:00 to 10:00: 30 messages/);
    assert.match(await textOf(page, 'digest'), /20 positive.*20 neutral.*20 negative/);
    assert.match(await textOf(page, 'digest-languages'), /English40.*German20/);
    await page.getByText('The hours as a table').click();
    assert.match(await textOf(page, 'digest-table'), /09:0030.*10:000/);
    await days.nth(0).click();
    await page.getByText('Nobody wrote on this day').waitFor();
    assert.equal(await page.getByTestId('digest-moderation').count(), 0);
  });

  it('tells moderators what was removed, and nobody else', async () => {
    const page = await open(await roomWithDays(), { moderator: true });
    assert.match(await textOf(page, 'digest-moderation'), /Masked1/);
    await page.getByTestId('digest-day').nth(5).click();
    await page.getByTestId('digest-moderation').filter({ hasText: 'Removed by moderation6' }).waitFor();
  });

  it('closes by Escape, and the focus is back at its button; an empty room says so', async () => {
    const page = await system.personIn(system.newRoom(), 'Ann');
    await page.getByTestId('digest-button').click();
    await page.getByText('Nobody has written here').waitFor();
    assert.equal(await page.evaluate('document.activeElement.id'), 'digest-head');
    await page.keyboard.press('Escape');
    await page.getByTestId('digest').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.dataset.testid'), 'digest-button');
    await say(page, 'there I am');
    await message(page, 'there I am').waitFor();
  });

  it('has nothing that axe finds wrong, light and dark, and fits a phone', async () => {
    const room = await roomWithDays();
    for (const { width, dark, moderator } of [
      { width: 1_000, dark: false, moderator: true },
      { width: 360, dark: true, moderator: true },
      { width: 360, dark: false, moderator: false },
    ]) {
      const page = await open(room, { width, dark, moderator });
      await page.getByTestId('digest-day').nth(5).click();
      await page.getByText('60 messages by 5 people').waitFor();
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${width}-${dark}.png` });
      assert.deepEqual(await faults(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      assert.ok(await page.getByTestId('composer').isVisible());
    }
  });
});

const PLANTED_ROWS = 60;
/** Sixty messages of yesterday by five people, half of them after nine; six were removed. */
const PLANTED = `
  INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, reason, created_at,
    language, sentiment, sentiment_label, verdict)
  SELECT $1, 1000000 + i, 1, 'planted', 'user-' || i % 5, 'planted-' || i, 'words',
    CASE WHEN i % 10 = 0 THEN 'removed' ELSE 'visible' END, CASE WHEN i % 10 = 0 THEN 'moderated' END,
    (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 day' + CASE WHEN i % 2 = 0 THEN interval '9 hours'
      ELSE (11 + i % 11) * interval '1 hour' END) AT TIME ZONE 'UTC',
    CASE WHEN i % 3 = 0 THEN 'de' ELSE 'en' END, (i % 3 - 1) * 0.5,
    (ARRAY['negative', 'neutral', 'positive'])[i % 3 + 1], '{"action": "allow"}'
  FROM generate_series(1, ${PLANTED_ROWS}) AS i`;
