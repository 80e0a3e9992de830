import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { until } from '../support/until.ts';
import {
  message,
  type PageSystem,
  say,
  shown,
  startPageSystem,
  typeUntilSeen,
  WAIT_MS,
} from './page-system.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs in the page: notes what its line about lost messages said, which stands there for some seconds alone. */
const NOTE_GAPS = `window.gapStates = [];
  new MutationObserver(() => {
    const state = document.querySelector('[data-testid=gap]')?.dataset.state;
    if (state !== gapStates.at(-1)) gapStates.push(state);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] })`;

/** What axe finds wrong with the page as it stands, a line each. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return (await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(node => id + ': ' + node.html.slice(0, 160))))`)) as string[];
}

describe('the chat page: verbs', () => {
  let system: PageSystem;
  before(async function () {
    this.timeout(300_000);
    system = await startPageSystem();
  });
  afterEach(() => system.closePages());
  after(() => system?.close());

  const pair = async () => {
    const room = system.newRoom();
    const [ann, ben] = await Promise.all([system.personIn(room, 'Ann'), system.personIn(room, 'Ben')]);
    return { room, ann, ben };
  };
  const action = (page: Page, text: string, name: string) =>
    message(page, text).getByRole('button', { name, exact: true });

  it('signs in, joins, sends, edits and deletes by keyboard alone', async () => {
    const page = await system.openPage();
    const focused = () =>
      page.evaluate(`document.activeElement.dataset.testid ?? document.activeElement.textContent`);
    const key = (name: string) => page.keyboard.press(name);
    const type = (text: string) => page.keyboard.type(text);
    await until('the name is asked for', async () => (await focused()) === 'sign-in-name');
    await type('Ann');
    await key('Enter');
    await page.getByTestId('connection').and(page.locator('[data-state=open]')).waitFor();
    const room = system.newRoom();
    await key('Tab');
    assert.equal(await focused(), 'room-input');
    await type(room);
    await key('Enter');
    await until('one can write', async () => (await focused()) === 'composer');
    await type('Good mornign.');
    await key('Enter');
    await message(page, 'Good mornign.').and(page.locator('[data-status=visible]')).waitFor();
    await key('ArrowUp');
    for (let i = 0; i < 3; i += 1) await key('Backspace');
    await type('ng, all.');
    await key('Enter');
    await message(page, 'Good morning, all.').getByText('edited').waitFor();
    assert.deepEqual(await shown(page), ['Good morning, all.']);
    await key('ArrowUp');
    await key('Shift+Tab');
    await key('Shift+Tab');
    assert.equal(await focused(), 'Delete it');
    await key('Enter');
    assert.equal(await focused(), 'Delete');
    await key('Enter');
    await page.getByText('You deleted this message').waitFor();
    assert.equal(await focused(), 'composer');
    await type('still here');
    await key('Enter');
    await message(page, 'still here').and(page.locator('[data-status=visible]')).waitFor();
  });

  it('gives an edit to everyone, marks it, and brings back the draft that it interrupted', async () => {
    const { ann, ben } = await pair();
    await say(ann, 'first version');
    await message(ben, 'first version').waitFor();
    await ann.getByTestId('composer').fill('a draft');
    await message(ann, 'first version').hover();
    await action(ann, 'first version', 'Edit').click();
    const composer = ann.getByTestId('composer');
    assert.equal(await composer.inputValue(), 'first version');
    await composer.fill('second version');
    await composer.press('Enter');
    await message(ben, 'second version').getByText('edited').waitFor();
    assert.deepEqual(await shown(ben), ['second version']);
    assert.equal(await composer.inputValue(), 'a draft');
    await message(ann, 'second version').hover();
    await action(ann, 'second version', 'Edit').click();
    await composer.press('Escape');
    assert.equal(await composer.inputValue(), 'a draft');
    assert.equal(await action(ben, 'second version', 'Edit').count(), 0);
    assert.equal(await action(ben, 'second version', 'Delete').count(), 0);
  });

  it('deletes after it has asked, for everyone; a moderator deletes what others wrote', async () => {
    const { room, ann, ben } = await pair();
    await say(ann, 'keep me');
    await say(ann, 'delete me');
    await say(ann, 'rude, but not by any rule');
    await message(ann, 'delete me').hover();
    await action(ann, 'delete me', 'Delete').click();
    await action(ann, 'delete me', 'Keep').click();
    await action(ann, 'delete me', 'Delete').click();
    await action(ann, 'delete me', 'Delete').press('Enter');
    await ben.getByText('This message was deleted').waitFor();
    const mia = await system.openPage();
    await mia.getByLabel('As a moderator').check();
    await system.signIn(mia, 'Mia');
    await system.enter(mia, room);
    await message(mia, 'rude').hover();
    await action(mia, 'rude', 'Delete').click();
    await action(mia, 'rude', 'Delete').click();
    await until('both are gone', async () => (await ben.getByText('This message was deleted').count()) === 2);
    assert.equal(await action(mia, 'keep me', 'Edit').count(), 0);
    assert.equal((await shown(ben))[0], 'keep me');
  });

  it('tells who is typing, who is here, and who has read', async () => {
    const { ann, ben } = await pair();
    await typeUntilSeen(ben, ann, 'ben is typing…');
    await say(ben, 'I am writing');
    await until('nobody types', async () => (await ann.getByTestId('typing').textContent()) === '');
    await ben.getByTestId('seen').filter({ hasText: 'Read by ann' }).waitFor();
    await typeUntilSeen(ben, ann, 'Ben is typing…');
    await ann.getByTestId('members').filter({ hasText: '2 people here' }).click();
    assert.deepEqual(await ann.getByTestId('people').getByRole('listitem').allInnerTexts(), [
      'A\nann',
      'B\nBen',
    ]);
    await ann.keyboard.press('Escape');
    await ann.getByTestId('people').waitFor({ state: 'detached' });
  });

  it('draws a line above what is new when one comes back to the room', async () => {
    const { room, ann, ben } = await pair();
    await say(ben, 'before');
    await ben.getByTestId('seen').waitFor();
    await system.enter(ann, system.newRoom());
    for (const text of ['one', 'two', 'three']) await say(ben, text);
    await ann.getByTestId('room-list').getByTitle('3 new').waitFor();
    await ann.getByTestId('room-list').getByText(room).click();
    await ann.getByTestId('new-line').filter({ hasText: '3 new messages' }).waitFor();
    const lines = await ann.locator('ol > li').allInnerTexts();
    const at = lines.findIndex(line => line.includes('3 new messages'));
    assert.match(lines[at - 1] ?? '', /before/);
    assert.match(lines[at + 1] ?? '', /one/);
  });

  it('shows that something was lost on the way, fetches it, and says that it is here', async () => {
    const room = system.newRoom();
    const ann = await system.openPage();
    let lossy = false;
    await ann.routeWebSocket(/\/v1\/ws/, route => {
      const server = route.connectToServer();
      server.onMessage(text => {
        if (lossy && String(text).includes('lost on its way')) lossy = false;
        else route.send(text);
      });
    });
    await system.signIn(ann, 'Ann');
    await system.enter(ann, room);
    await ann.evaluate(NOTE_GAPS);
    const ben = await system.personIn(room, 'Ben');
    lossy = true;
    await say(ben, 'lost on its way');
    await say(ben, 'and this arrives');
    const said = async () => (await ann.evaluate('gapStates')) as string[];
    await until('it says that they are here', async () => (await said()).includes('healed'), WAIT_MS);
    assert.deepEqual(await shown(ann), ['lost on its way', 'and this arrives']);
    await ann.getByTestId('gap').and(ann.locator('[data-state=none]')).waitFor({ state: 'attached' });
  });

  it('says in human words why an edit was not saved', async () => {
    const room = system.newRoom();
    const ann = await system.openPage();
    // The word that the message is gone gets lost, so that one can still try to edit it.
    await ann.routeWebSocket(/\/v1\/ws/, route => {
      const server = route.connectToServer();
      server.onMessage(text => {
        if (!String(text).includes('"type":"message.removed"')) route.send(text);
      });
    });
    await system.signIn(ann, 'Ann');
    await system.enter(ann, room);
    await say(ann, 'first');
    await message(ann, 'first').and(ann.locator('[data-status=visible]')).waitFor();
    const elsewhere = await system.personIn(room, 'Ann');
    await message(elsewhere, 'first').hover();
    await action(elsewhere, 'first', 'Delete').click();
    await action(elsewhere, 'first', 'Delete').click();
    await elsewhere.getByText('You deleted this message').waitFor();
    await ann.getByTestId('composer').press('ArrowUp');
    await say(ann, 'second');
    const words = 'Your edit was not saved. The message is not here any more.';
    await ann.getByTestId('notice').filter({ hasText: words }).waitFor();
    await ann.getByRole('button', { name: 'Dismiss' }).click();
    await ann.getByTestId('notice').waitFor({ state: 'detached' });
  });

  it('has nothing that axe finds wrong: signing in, an empty room, a busy one, light and dark', async function () {
    this.timeout(120_000);
    for (const colorScheme of ['light', 'dark'] as const) {
      // While something moves it has the colours of neither before nor after.
      const page = await system.openPage({ still: true });
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await faults(page), []);
      await system.signIn(page, 'Ann');
      assert.deepEqual(await faults(page), []);
      const room = system.newRoom();
      await system.enter(page, room);
      await page.getByText('Nobody has said anything here yet').waitFor();
      assert.deepEqual(await faults(page), []);
      const ben = await system.personIn(room, 'Ben');
      for (const text of ['What a lovely day, my dear friends!', 'A shitty one, I would say.', 'bye']) {
        await say(ben, text);
        await say(page, `You say: ${text}`);
      }
      await until('all is decided', async () => {
        const pending = page.locator(
          '[data-testid=message]:is([data-status=pending], [data-status=sending])',
        );
        return (await page.getByTestId('message').count()) === 6 && (await pending.count()) === 0;
      });
      await message(ben, 'bye').first().hover();
      await action(ben, 'bye', 'Delete').first().press('Enter');
      await action(ben, 'bye', 'Delete').first().press('Enter');
      await page.getByText('This message was deleted').waitFor();
      await page.getByTestId('composer').press('ArrowUp');
      await page.getByTestId('members').click();
      await typeUntilSeen(ben, page, 'typing');
      assert.deepEqual(await faults(page), []);
    }
  });

  it('fits a phone: edit and delete are there, and nothing stands beside the screen', async () => {
    const page = await system.openPage({ width: 360, still: true });
    await system.signIn(page, 'Ann');
    await system.enter(page, system.newRoom());
    await say(page, 'a narrow window, with words enough to need two lines on a phone');
    const row = message(page, 'a narrow window');
    await row.and(page.locator('[data-status=visible]')).waitFor();
    await row.hover();
    await action(page, 'a narrow window', 'Edit').click();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    await page.getByTestId('composer').press('Escape');
    await page.getByTestId('members').click();
    const box = await page.getByTestId('people').boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 360);
    await page.getByTestId('members').click();
    await row.hover();
    await action(page, 'a narrow window', 'Delete').click();
    await action(page, 'a narrow window', 'Delete').click();
    await page.getByText('You deleted this message').waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    assert.deepEqual(await faults(page), []);
  });
});
