import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { message, type PageSystem, say, sayUntil, startPageSystem } from './page-system.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return (await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(node => id + ': ' + node.html.slice(0, 160))))`)) as string[];
}

describe('the chat page: moderation', () => {
  let system: PageSystem;
  before(async function () {
    this.timeout(300_000);
    system = await startPageSystem();
  });
  afterEach(() => system.closePages());
  after(() => system?.close());

  async function moderatorIn(room: string, { name = 'Mia', ...options }: Options = {}): Promise<Page> {
    const page = await system.openPage({ width: 1_300, ...options });
    await page.getByLabel('As a moderator').check();
    await system.signIn(page, name);
    await system.enter(page, room);
    await page.getByTestId('moderate').click();
    if (!options.messages) await openPolicy(page);
    return page;
  }
  async function openPolicy(page: Page) {
    await page.getByTestId('moderation').getByRole('button', { name: 'Policy' }).click();
    await page.getByTestId('policy-form').waitFor();
  }
  const rule = (page: Page, n = 0) => page.getByTestId('rule').nth(n);
  const saved = (page: Page, version: number) =>
    page
      .getByTestId('policy-told')
      .filter({ hasText: `Saved as version ${version}` })
      .waitFor();
  async function addWords(page: Page, words: string) {
    await page.getByTestId('add-rule').click();
    await page.getByTestId('rule-words').last().fill(words);
  }

  it('is for moderators: a word that one adds is masked for everyone within seconds', async () => {
    const room = system.newRoom();
    const ann = await system.personIn(room, 'Ann');
    assert.equal(await ann.getByTestId('moderate').count(), 0);
    await say(ann, 'a flurble before');
    const mia = await moderatorIn(room);
    await message(ann, 'a flurble before').and(ann.locator('[data-status=visible]')).waitFor();
    await addWords(mia, 'flurble');
    await rule(mia).getByLabel('What happens').selectOption('mask');
    await mia.getByTestId('policy-reason').fill('Nobody needs flurbles');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 1);
    await mia.getByTestId('policy-version').filter({ hasText: 'Version 1 by mia' }).waitFor();
    await sayUntil(ann, 'a flurble after', 'masked');
    await message(mia, 'a ******* after').first().waitFor();
    await rule(mia).getByLabel('What happens').selectOption('block');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 2);
    await sayUntil(ann, 'no more flurble', 'removed');
    await ann.getByText('Your message was removed').first().waitFor();
    await mia.getByText('removed by moderation').first().waitFor();
  });

  it('says at the field what is wrong, and saves once it is right', async () => {
    const mia = await moderatorIn(system.newRoom());
    await addWords(mia, 'fine\n!!!');
    await mia.getByTestId('policy-save').click();
    const words = rule(mia).getByTestId('rule-words');
    await rule(mia).getByRole('alert').filter({ hasText: 'Line 2: Give a word or phrase' }).waitFor();
    assert.equal(await words.getAttribute('aria-invalid'), 'true');
    assert.equal(await words.evaluate('document.activeElement.dataset.testid'), 'rule-words');
    assert.deepEqual(await faults(mia), []);
    await words.fill('fine');
    await mia.getByLabel('Kind of a new rule').selectOption({ label: 'Flood' });
    await mia.getByTestId('add-rule').click();
    await rule(mia, 1).getByLabel('More than').fill('many');
    await rule(mia, 1).getByLabel('Within seconds').fill('10');
    await mia.getByTestId('policy-save').click();
    await rule(mia, 1).getByRole('alert').filter({ hasText: 'Give a whole number' }).waitFor();
    await rule(mia, 1).getByLabel('More than').fill('5');
    await mia.getByTestId('policy-save').press('Enter');
    await saved(mia, 1);
  });

  it('says that somebody else was faster, shows theirs, and brings one’s changes back', async () => {
    const room = system.newRoom();
    const mia = await moderatorIn(room);
    const moe = await moderatorIn(room, { name: 'Moe' });
    await addWords(mia, 'first');
    await addWords(moe, 'second');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 1);
    await moe.getByTestId('policy-save').click();
    await moe.getByTestId('policy-problem').filter({ hasText: 'mia saved version 1 meanwhile' }).waitFor();
    assert.equal(await moe.getByTestId('rule-words').inputValue(), 'first');
    await moe.getByRole('button', { name: 'Put my changes back' }).click();
    assert.equal(await moe.getByTestId('rule-words').inputValue(), 'second');
    await moe.getByTestId('policy-save').click();
    await saved(moe, 2);
  });

  it('shows every version with author and reason, and puts an old one into the form', async () => {
    const mia = await moderatorIn(system.newRoom());
    await addWords(mia, 'older');
    await mia.getByTestId('policy-reason').fill('because of the <b>fair</b>');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 1);
    await mia.getByTestId('rule-words').fill('newer');
    await mia.getByTestId('inherited').click();
    await mia.getByRole('checkbox', { name: 'profanity/mild' }).uncheck();
    await mia.getByRole('button', { name: 'Change here: profanity/strong' }).click();
    await rule(mia, 1).getByLabel('What happens').selectOption('block');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 2);
    await mia.getByRole('button', { name: 'History' }).click();
    const versions = mia.getByTestId('versions').getByRole('listitem');
    await versions.nth(1).waitFor();
    assert.match((await versions.nth(0).textContent()) ?? '', /Version 2 by mia/);
    assert.match(
      (await versions.nth(1).textContent()) ?? '',
      /Version 1 by mia.*because of the <b>fair<\/b>/,
    );
    await mia.getByRole('button', { name: 'Show version 2' }).click();
    const shown = (await mia.getByTestId('old-version').textContent()) ?? '';
    assert.match(shown, /newer.*profanity\/strong.*block.*off here: profanity\/mild/);
    assert.deepEqual(await faults(mia), []);
    await mia.getByRole('button', { name: 'Put into the form: version 1' }).click();
    assert.equal(await mia.getByTestId('rule-words').inputValue(), 'older');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 3);
  });

  it('works by keyboard alone, and keeps what was not saved when it is closed', async () => {
    const mia = await moderatorIn(system.newRoom());
    const focused = () => mia.evaluate('document.activeElement.dataset.testid ?? document.activeElement.id');
    await mia.getByRole('button', { name: 'Close moderation' }).focus();
    for (let i = 0; (await focused()) !== 'add-rule'; i += 1) {
      assert.ok(i < 12, 'the button is reached');
      await mia.keyboard.press('Tab');
    }
    await mia.keyboard.press('Enter');
    for (let i = 0; (await focused()) !== 'rule-words'; i += 1) {
      assert.ok(i < 10, 'the words are reached');
      await mia.keyboard.press('Shift+Tab');
    }
    await mia.keyboard.type('unsaved');
    await mia.keyboard.press('Escape');
    await until('the focus is back', async () => (await focused()) === 'moderate');
    assert.equal(await mia.getByTestId('moderation').count(), 0);
    await mia.keyboard.press('Enter');
    await openPolicy(mia);
    assert.equal(await mia.getByTestId('rule-words').inputValue(), 'unsaved');
  });

  it('shows what waits with the rules that hit; releases, removes, mutes', async () => {
    const room = system.newRoom();
    const mia = await moderatorIn(room, { still: true });
    await addWords(mia, 'probe\ngrumbl\nzorkle');
    await rule(mia).getByLabel('What happens').selectOption('hold');
    await mia.getByTestId('policy-save').click();
    await saved(mia, 1);
    const [ann, ben] = await Promise.all([system.personIn(room, 'Ann'), system.personIn(room, 'Ben')]);
    // A word of its own: what was said before the policy counted stands in the room.
    await sayUntil(ann, 'a probe', 'held');
    await say(ann, 'first grumbl here');
    await message(ann, 'first grumbl').and(ann.locator('[data-status=held]')).waitFor();
    await say(ann, 'then a zorkle');
    await mia.getByRole('button', { name: 'Messages' }).click();
    const waiting = (text: string) => mia.getByTestId('waiting').filter({ hasText: text });
    await waiting('zorkle').waitFor();
    assert.match((await waiting('zorkle').textContent()) ?? '', /Ann.*Held: only its author.*own\/words/);
    assert.equal(await waiting('zorkle').locator('mark').textContent(), 'zorkle');
    await message(ben, 'zorkle').waitFor({ state: 'detached' });
    assert.deepEqual(await faults(mia), []);
    await waiting('zorkle').getByText('Reason, mute').click();
    await mia.emulateMedia({ colorScheme: 'dark' });
    await mia.setViewportSize({ width: 360, height: 700 });
    assert.deepEqual(await faults(mia), []);
    assert.equal(await mia.evaluate('document.documentElement.scrollWidth'), 360);
    await waiting('zorkle').getByLabel('Reason').fill('harmless');
    await waiting('zorkle').getByRole('button', { name: 'Release' }).press('Enter');
    await mia.getByTestId('queue-told').filter({ hasText: 'Released' }).waitFor();
    await message(ben, 'then a zorkle').and(ben.locator('[data-status=visible]')).waitFor();
    await waiting('zorkle').waitFor({ state: 'detached' });
    const grumbl = waiting('grumbl');
    await grumbl.getByText('Reason, mute').click();
    await grumbl.getByRole('button', { name: 'Mute' }).click();
    await mia.getByTestId('queue-told').filter({ hasText: 'ann is muted' }).waitFor();
    await grumbl.getByRole('button', { name: 'Remove' }).click();
    await mia.getByTestId('queue-told').filter({ hasText: 'Removed' }).waitFor();
    await ann.getByText('Your message was removed').first().waitFor();
    await say(ann, 'am I heard?');
    await message(ann, 'am I heard?').and(ann.locator('[data-status=failed]')).waitFor();
    assert.equal(await message(ben, 'am I heard?').count(), 0);
    assert.equal(await message(ben, 'grumbl').count(), 0);
  });

  it('has nothing that axe finds wrong, light and dark, and fits a phone', async () => {
    for (const [colorScheme, width] of [
      ['light', 1_300],
      ['dark', 360],
    ] as const) {
      const room = system.newRoom();
      const mia = await system.openPage({ width, still: true });
      await mia.emulateMedia({ colorScheme });
      await mia.getByLabel('As a moderator').check();
      await system.signIn(mia, 'Mia');
      await system.enter(mia, room);
      await mia.getByTestId('moderate').click();
      await openPolicy(mia);
      await addWords(mia, 'flurble');
      await mia.getByLabel('Kind of a new rule').selectOption({ label: 'Spam score' });
      await mia.getByTestId('add-rule').click();
      await mia.getByLabel('Stricter above').fill('0.9');
      await mia.getByLabel('Release').selectOption('gated');
      await mia.getByTestId('inherited').click();
      assert.deepEqual(await faults(mia), []);
      assert.equal(await mia.evaluate('document.documentElement.scrollWidth'), width);
      await mia.getByRole('button', { name: 'Close moderation' }).click();
      assert.ok(await mia.getByTestId('composer').isVisible());
    }
  });
});

type Options = { name?: string; width?: number; still?: boolean; messages?: boolean };
