import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { message, type PageSystem, say, sayUntil, startPageSystem } from './page-system.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Nothing that axe finds wrong, and nothing beside a phone, light and dark. */
async function isSound(page: Page) {
  const size = page.viewportSize()!;
  for (const [colorScheme, width] of [
    ['light', size.width],
    ['dark', 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ ...size, width });
    await page.evaluate(AXE);
    const faults = await page.evaluate(`axe.run().then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(node => id + ': ' + node.html.slice(0, 160))))`);
    assert.deepEqual(faults, [], colorScheme);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(size);
}

describe('the chat page: log, mutes and bans, all rooms, runs', function () {
  this.timeout(120_000);
  let system: PageSystem;
  before(async function () {
    this.timeout(300_000);
    system = await startPageSystem();
  });
  afterEach(() => system.closePages());
  after(() => system?.close());

  async function openIn(room: string, role: 'moderator' | 'admin', name: string): Promise<Page> {
    const page = await system.openPage({ width: 1_300, still: true });
    await page.getByLabel(role === 'admin' ? 'As an admin' : 'As a moderator').check();
    await system.signIn(page, name);
    await system.enter(page, room);
    await page.getByTestId('moderate').click();
    return page;
  }
  const open = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'Moderation' }).getByRole('button', { name, exact: true }).click();
  const told = (page: Page, name: string, text: string) =>
    page.getByTestId(`${name}-told`).filter({ hasText: text }).waitFor();
  async function fillRule(page: Page, word: string, action: string) {
    await page.getByTestId('add-rule').click();
    await page.getByTestId('rule-words').last().fill(word);
    await page.getByTestId('rule').last().getByLabel('What happens').selectOption(action);
  }
  async function setWords(page: Page, word: string, action: string) {
    await open(page, 'Policy');
    await fillRule(page, word, action);
    await page.getByTestId('policy-save').click();
    await told(page, 'policy', 'Saved as version');
  }

  it('mutes and bans by form, shows until when and why, lifts; the log tells all of it', async () => {
    const room = system.newRoom();
    const ann = await system.personIn(room, 'Ann');
    const mia = await openIn(room, 'moderator', 'Mia');
    assert.equal(await mia.getByTestId('moderation-scope').count(), 0, 'all rooms are the admins’');
    await open(mia, 'People');
    await mia.getByText('Nobody is muted in this room.').waitFor();
    const user = mia.getByTestId('sanction-user');
    await mia.getByTestId('sanction-add').click();
    await mia.getByRole('alert').filter({ hasText: 'Type whom it is about' }).waitFor();
    await user.fill('no such name');
    await mia.getByTestId('sanction-add').click();
    await mia.getByRole('alert').filter({ hasText: 'A user id has letters' }).waitFor();
    assert.equal(await user.evaluate('document.activeElement.dataset.testid'), 'sanction-user');
    await isSound(mia);
    await user.fill('ann');
    await mia.getByLabel('How long').selectOption({ label: 'for 10 minutes' });
    await mia.getByTestId('sanction-reason').fill('too <b>loud</b>');
    await mia.getByTestId('sanction-reason').press('Enter');
    await told(mia, 'sanctions', 'ann is muted in this room.');
    const muted = mia.getByTestId('standing-mute').getByRole('listitem');
    assert.match((await muted.textContent()) ?? '', /ann until .*\d.*by mia.*too <b>loud<\/b>/);
    await say(ann, 'am I heard?');
    await message(ann, 'am I heard?').and(ann.locator('[data-status=failed]')).waitFor();
    await user.fill('ben');
    await mia.getByLabel('What', { exact: true }).selectOption('ban');
    await mia.getByLabel('How long').selectOption({ label: 'for good' });
    await mia.getByRole('button', { name: 'Ban', exact: true }).click();
    await told(mia, 'sanctions', 'ben is banned in this room.');
    await mia.getByTestId('standing-ban').getByText('ben for good').waitFor();
    await isSound(mia);
    await mia.getByRole('button', { name: 'Lift: ann' }).press('Enter');
    await told(mia, 'sanctions', 'ann may write again in this room.');
    await muted.waitFor({ state: 'detached' });
    assert.equal(await mia.evaluate('document.activeElement.id'), 'standing-mute');
    await say(ann, 'now I am');
    await message(ann, 'now I am').and(ann.locator('[data-status=visible]')).waitFor();

    await open(mia, 'Log');
    const entries = mia.getByTestId('log').getByRole('listitem');
    await entries.nth(2).waitFor();
    const [newest, second, oldest] = await entries.allTextContents();
    assert.match(newest!, /^mia let ann write again\./);
    assert.match(second!, /^mia banned ben for good\./);
    assert.match(oldest!, /^mia muted ann until .*too <b>loud<\/b>$/);
    await isSound(mia);
  });

  it('shows the log newest first, by pages, with decisions in words, and what is new meanwhile', async () => {
    const room = system.newRoom();
    const mia = await openIn(room, 'moderator', 'Mia');
    const token = await mia.evaluate(`JSON.parse(sessionStorage.getItem('parley.identity')).token`);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const put = (user: string) =>
      fetch(`${system.address()}/v1/rooms/${room}/mutes/${user}`, { method: 'PUT', headers, body: '{}' });
    for (let i = 0; i < 55; i += 1) assert.equal((await put(`user-${i}`)).status, 200);
    await open(mia, 'Log');
    const entries = mia.getByTestId('log').getByRole('listitem');
    await entries.nth(49).waitFor();
    assert.equal(await entries.count(), 50);
    await mia.getByRole('button', { name: 'Older entries' }).click();
    await entries.nth(54).waitFor();
    assert.match((await entries.nth(54).textContent()) ?? '', /mia muted user-0 for good/);
    assert.equal(await mia.getByRole('button', { name: 'Older entries' }).count(), 0);
    await setWords(mia, 'grumbl', 'hold');
    const ann = await system.personIn(room, 'Ann');
    await sayUntil(ann, 'a grumbl', 'held');
    await open(mia, 'Messages');
    const waiting = mia.getByTestId('waiting');
    await waiting.getByText('Reason, mute').click();
    await waiting.getByLabel('Reason').fill('harmless');
    await waiting.getByRole('button', { name: 'Release' }).click();
    await told(mia, 'queue', 'Released');
    await open(mia, 'Log');
    const first = entries.first().filter({ hasText: 'mia released message' });
    await first.filter({ hasText: 'of ann; it was held.' }).filter({ hasText: 'harmless' }).waitFor();
    assert.equal(await entries.count(), 56);
  });

  it('lets admins set the default with its history, and mute everywhere', async () => {
    const room = system.newRoom();
    const root = await openIn(room, 'admin', 'Root');
    await root.getByTestId('moderation-scope').selectOption('everywhere');
    await open(root, 'Policy');
    await root.getByTestId('policy-version').filter({ hasText: 'Nobody has set it' }).waitFor();
    await root.getByTestId('rule').first().waitFor();
    const before = await root.getByTestId('rule').count();
    await fillRule(root, '!!!', 'mask');
    await root.getByTestId('policy-save').click();
    await root.getByRole('alert').filter({ hasText: 'Line 1: Give a word or phrase' }).waitFor();
    await root.getByTestId('rule-words').last().fill('flurble');
    await root.getByTestId('policy-reason').fill('of no use anywhere');
    await root.getByTestId('policy-save').click();
    await told(root, 'policy', 'Saved as version 1');
    await isSound(root);
    await open(root, 'History');
    const version = root
      .getByTestId('versions')
      .getByRole('listitem')
      .filter({ hasText: 'of no use anywhere' });
    await version.filter({ hasText: 'Version 1 by root' }).waitFor();
    await root.getByTestId('moderation-scope').selectOption('room');
    await open(root, 'Policy');
    await root
      .getByTestId('inherited')
      .filter({ hasText: `(${before + 1})` })
      .waitFor();
    await root.getByTestId('moderation-scope').selectOption('everywhere');
    await open(root, 'People');
    await root.getByTestId('sanction-user').fill('cleo');
    await root.getByTestId('sanction-add').click();
    await told(root, 'sanctions', 'cleo is muted everywhere.');
    const cleo = await system.personIn(room, 'Cleo');
    await say(cleo, 'hello?');
    await message(cleo, 'hello?').and(cleo.locator('[data-status=failed]')).waitFor();
    await isSound(root);
    await root.getByRole('button', { name: 'Lift: cleo' }).click();
    await told(root, 'sanctions', 'cleo may write again everywhere.');
  });

  it('tries the policy on what was said, shows what it finds, applies it once that is confirmed, and takes it back', async function () {
    this.timeout(240_000);
    const room = system.newRoom();
    const ann = await system.personIn(room, 'Ann');
    for (const text of ['a snarg of old', 'another snarg', 'nothing of note']) {
      await say(ann, text);
      await message(ann, text).and(ann.locator('[data-status=visible]')).waitFor();
    }
    await system.stored(room, 3);
    const root = await openIn(room, 'admin', 'Root');
    await setWords(root, 'snarg', 'block');
    await open(root, 'Runs');
    const run = (state: string) => root.getByTestId('run').and(root.locator(`[data-state=${state}]`));
    await root.getByTestId('run-try').click();
    await run('done').getByText('3 of 3 messages').waitFor();
    await root.getByRole('heading', { name: 'Dry run: 2 messages would change' }).waitFor();
    const report = root.getByTestId('run-report');
    await report.getByText('2 removed: lost to readers').waitFor();
    assert.match((await report.getByRole('row').nth(1).textContent()) ?? '', /own\/words(-\d)?20$/);
    await report.getByText('another snarg').waitFor();
    await report.getByText('allow → block').first().waitFor();
    assert.equal(await message(ann, 'a snarg of old').count(), 1, 'nothing was changed');
    await root.getByTestId('run-apply').click();
    const confirm = root.getByTestId('run-confirm');
    await confirm.getByText(`Readers of ${room} lose 2 messages. Apply it?`).waitFor();
    assert.equal(await root.evaluate('document.activeElement.textContent'), 'Not now');
    await isSound(root);
    await root.keyboard.press('Escape');
    await until(
      'the focus is back',
      async () => (await root.evaluate('document.activeElement.dataset.testid')) === 'run-apply',
    );
    await root.keyboard.press('Enter');
    await root.getByTestId('run-apply-sure').click();
    await root.getByRole('heading', { name: 'Run: 2 messages changed' }).waitFor();
    await until(
      'the focus is at its head',
      async () => (await root.evaluate('document.activeElement.id')) === 'shown-run',
    );
    await until(
      'readers lost them',
      async () => (await ann.getByText('Your message was removed').count()) === 2,
    );
    await isSound(root);
    await root.getByTestId('run-undo').click();
    await root.getByRole('heading', { name: 'Taking back: 2 messages changed' }).waitFor();
    await message(ann, 'a snarg of old').and(ann.locator('[data-status=visible]')).waitFor();
    await root.getByTestId('runs').getByRole('listitem').filter({ hasText: 'Run by root' }).first().waitFor();
  });

  it('stands still before readers lose more than was allowed, goes on with leave, can be cancelled', async function () {
    this.timeout(240_000);
    const room = system.newRoom();
    const ann = await system.personIn(room, 'Ann');
    for (const text of ['a zorkle', 'two zorkle']) {
      await say(ann, text);
      await message(ann, text).and(ann.locator('[data-status=visible]')).waitFor();
    }
    await system.stored(room, 2);
    const root = await openIn(room, 'admin', 'Root');
    await setWords(root, 'zorkle', 'block');
    const token = await root.evaluate(`JSON.parse(sessionStorage.getItem('parley.identity')).token`);
    const begin = async () => {
      const body = JSON.stringify({ rooms: [room], dryRun: false, maxRemovals: 1 });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${system.address()}/v1/reprocess`, { method: 'POST', headers, body });
      return ((await response.json()) as { run: string }).run;
    };
    const [first, second] = [await begin(), await begin()];
    await open(root, 'Runs');
    const parked = root.getByTestId('run').and(root.locator('[data-state=parked]'));
    await root.getByRole('button', { name: `Show the run ${first}` }).click();
    await parked.waitFor();
    await isSound(root);
    const most = root.getByLabel('Messages that readers may lose in all');
    assert.equal(await most.inputValue(), '1');
    await most.fill('many');
    await root.getByRole('button', { name: 'Go on' }).click();
    await root.getByRole('alert').filter({ hasText: 'Give a number of removals.' }).waitFor();
    await root.getByRole('button', { name: `Show the run ${second}` }).click();
    await root.getByRole('button', { name: 'Cancel' }).click();
    await root.getByRole('heading', { name: 'Run: cancelled' }).waitFor();
    await root.getByRole('button', { name: `Show the run ${first}` }).click();
    await parked.waitFor();
    await root.getByLabel('Messages that readers may lose in all').fill('2');
    await root.getByRole('button', { name: 'Go on' }).click();
    await root.getByRole('heading', { name: 'Run: 2 messages changed' }).waitFor();
    await until(
      'readers lost them',
      async () => (await ann.getByText('Your message was removed').count()) === 2,
    );
  });
});
