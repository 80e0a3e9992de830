import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { createNodeClient } from '../../src/client/node.ts';
import { token } from '../support/socket.ts';
import { until } from '../support/until.ts';
import { message, type PageSystem, say, shown, startPageSystem, WAIT_MS } from './page-system.ts';

describe('the chat page', () => {
  let system: PageSystem;
  before(async function () {
    this.timeout(300_000);
    system = await startPageSystem();
  });
  afterEach(() => system.closePages());
  after(() => system?.close());

  const newRoom = () => system.newRoom();
  const openPage = (width?: number) => system.openPage(width === undefined ? {} : { width });
  const signIn = (page: Page, name: string) => system.signIn(page, name);
  const enter = (page: Page, room: string) => system.enter(page, room);
  const personIn = (room: string, name: string) => system.personIn(room, name);

  /** Has a room say `count` lines, and waits until all are decided. */
  async function fill(room: string, count: number) {
    const client = createNodeClient({ url: system.address(), token: () => token('writer') });
    const writer = client.room(room);
    await writer.join();
    for (let i = 1; i <= count; i += 1) await writer.send(`line ${i} of the past`);
    const undecided = () => writer.messages().filter(({ status }) => status === 'pending').length;
    await until('all is decided', () => writer.messages().length >= count && undecided() === 0, WAIT_MS);
    client.close();
  }

  it('carries a message each way between two people in one room', async () => {
    const room = newRoom();
    const [ann, ben] = await Promise.all([personIn(room, 'Ann Lindqvist'), personIn(room, 'Ben')]);
    await say(ann, 'Good morning, Ben.');
    await message(ben, 'Good morning, Ben.').waitFor();
    assert.match((await message(ben, 'Good morning').textContent()) ?? '', /Ann Lindqvist/);
    await ben.getByTestId('composer').fill('Good morning, Ann.');
    await ben.getByTestId('send').click();
    await message(ann, 'Good morning, Ann.').waitFor();
    const checked = message(ann, 'Good morning, Ben.').and(ann.locator('[data-status=visible]'));
    await checked.waitFor();
    assert.match((await checked.getByTestId('message-status').textContent()) ?? '', /checked/);
    assert.equal(await ann.getByTestId('room-list').locator('[aria-current=page]').textContent(), `#${room}`);
  });

  it('masks a rude line before the eyes of those who read it', async () => {
    const room = newRoom();
    const [ann, ben] = await Promise.all([personIn(room, 'Ann'), personIn(room, 'Ben')]);
    await say(ann, 'This is a shitty morning, my friends.');
    for (const page of [ann, ben]) {
      const masked = page.getByTestId('message').and(page.locator('[data-status=masked]'));
      await masked.waitFor();
      assert.match((await masked.textContent()) ?? '', /This is a \*+ morning/);
    }
  });

  it('shows what looks like markup as the text that it is', async () => {
    const page = await personIn(newRoom(), 'Ann');
    const text = '<img src=x onerror="document.title=1"><b>bold</b>';
    await say(page, text);
    await message(page, '<img').waitFor();
    assert.deepEqual(await shown(page), [text]);
    assert.equal(await page.locator('[data-testid=message] :is(img, .text b)').count(), 0);
    assert.equal(await page.title(), 'Parley');
  });

  it('says in human words why a room or a message is refused', async () => {
    const page = await openPage();
    await page.getByTestId('sign-in-button').click();
    await page.getByText('Type your name first.').waitFor();
    await signIn(page, 'Ann');
    await page.getByTestId('room-input').fill('Bad Room');
    await page.getByTestId('room-input').press('Enter');
    await page.getByText('A room’s name has no spaces. Use a dash instead.').waitFor();
    await enter(page, newRoom());
    await page.getByTestId('composer').fill('x'.repeat(4_003));
    await page.getByText('3 characters too many').waitFor();
    assert.equal(await page.getByTestId('send').isDisabled(), true);
    await page.getByTestId('composer').fill('😀'.repeat(3_990));
    await page.getByText('10 characters left').waitFor();
    assert.equal(await page.getByTestId('send').isDisabled(), false);
  });

  it('keeps a person out of a room that the token does not cover, in human words', async () => {
    const page = await openPage();
    await page.getByRole('button', { name: 'I have a token' }).click();
    await page.getByTestId('sign-in-name').fill(await token('cat', { rooms: ['elsewhere'] }));
    await page.getByTestId('sign-in-button').click();
    await enter(page, newRoom());
    await page.getByText('You may not enter this room.').waitFor();
  });

  it('makes a new line with Shift and Enter, and sends nothing that is only white space', async () => {
    const page = await personIn(newRoom(), 'Ann');
    const composer = page.getByTestId('composer');
    await composer.fill('   ');
    await composer.press('Enter');
    await composer.fill('one');
    await composer.press('Shift+Enter');
    await composer.pressSequentially('two');
    await composer.press('Enter');
    await message(page, 'two').waitFor();
    assert.deepEqual(await shown(page), ['one\ntwo']);
  });

  it('brings older messages as one scrolls up, and stays at the place where one reads', async function () {
    this.timeout(120_000);
    const room = newRoom();
    await fill(room, 130);
    const page = await personIn(room, 'Ann');
    await message(page, 'line 130 of').waitFor();
    const list = page.getByRole('log');
    const before = await page.getByTestId('message').count();
    assert.ok(before < 130, `${before} messages at first`);
    const id = await page.getByTestId('message').first().getAttribute('data-id');
    // Scrolled and measured in one go: older ones may be there before another question reaches the page.
    const top = await list.evaluate((area, anchor) => {
      area.scrollTo(0, 1);
      return area.querySelector(`[data-id="${anchor}"]`)!.getBoundingClientRect().y;
    }, id);
    await until('older ones are there', async () => (await page.getByTestId('message').count()) > before);
    const moved = (await page.locator(`[data-id="${id}"]`).boundingBox())!.y - top;
    assert.ok(Math.abs(moved) < 60, `what was read moved by ${moved} pixels`);
    await until('the beginning is there', async () => {
      await list.evaluate(area => area.scrollTo(0, 0));
      return (await page.getByTestId('message').count()) === 130;
    });
    const texts = await shown(page);
    assert.deepEqual(
      texts,
      Array.from({ length: 130 }, (_, i) => `line ${i + 1} of the past`),
    );
    await page.getByTestId('jump').click();
    await until('the newest is in view', () => message(page, 'line 130 of').isVisible());
    await page.getByTestId('jump').waitFor({ state: 'detached' });
  });

  it('shows that the connection is lost, and comes back with what was written meanwhile', async function () {
    this.timeout(120_000);
    const room = newRoom();
    const page = await personIn(room, 'Ann');
    await say(page, 'before the loss');
    await message(page, 'before the loss').waitFor();
    await system.killGateway();
    await page.getByText('You are offline').waitFor();
    assert.equal(
      await page
        .getByTestId('connection')
        .getAttribute('data-state')
        .then(state => state !== 'open'),
      true,
    );
    await say(page, 'written meanwhile');
    await message(page, 'written meanwhile').and(page.locator('[data-status=sending]')).waitFor();
    await system.startGateway();
    await page.getByTestId('connection').and(page.locator('[data-state=open]')).waitFor({ timeout: 60_000 });
    await message(page, 'written meanwhile').and(page.locator('[data-status=visible]')).waitFor();
    assert.deepEqual(await shown(page), ['before the loss', 'written meanwhile']);
  });

  it('keeps the person and the room over a reload, and forgets them when signed out', async () => {
    const room = newRoom();
    const page = await personIn(room, 'Ann');
    await say(page, 'still here');
    await message(page, 'still here').waitFor();
    await page.reload();
    await message(page, 'still here').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByTestId('sign-in-name').waitFor();
    await page.reload();
    await page.getByTestId('sign-in-name').waitFor();
  });

  it('counts what is new in a room that is open elsewhere', async () => {
    const [first, second] = [newRoom(), newRoom()];
    const [ann, ben] = await Promise.all([personIn(first, 'Ann'), personIn(first, 'Ben')]);
    await enter(ann, second);
    await say(ben, 'are you there?');
    await ann.getByTestId('room-list').getByTitle('1 new').waitFor();
    await ann.getByTestId('room-list').getByText(first).click();
    await message(ann, 'are you there?').waitFor();
    assert.equal(await ann.getByTestId('room-list').getByTitle('1 new').count(), 0);
  });

  it('has its rooms behind a button, and nothing beside the screen, at 360 pixels', async () => {
    const page = await openPage(360);
    await signIn(page, 'Ann');
    await enter(page, newRoom());
    await say(page, 'a narrow window');
    await message(page, 'a narrow window').waitFor();
    await page.getByTestId('room-input').waitFor({ state: 'hidden' });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.equal(width, 360);
    await page.getByRole('button', { name: 'Show the rooms' }).click();
    await page.getByTestId('room-input').waitFor();
  });
});
