import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { freePort } from '../../src/stack/ports.ts';
import { token } from '../support/socket.ts';
import { call, startSystem } from '../support/system.ts';
import { openBrowser } from './chromium.ts';

describe('the queues in a browser', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  let browser: Browser;
  let admin: string;
  before(async function () {
    this.timeout(240_000);
    const port = String(await freePort());
    admin = `http://127.0.0.1:${port}`;
    system = await startSystem({ env: { PIPELINE_ENGINE: 'bullmq', ADMIN_PORT: port } });
    browser = await openBrowser();
  });
  after(async function () {
    this.timeout(120_000);
    await browser?.close();
    await system?.close();
  });

  it('are shown to an admin who signs in, and to nobody else', async function () {
    this.timeout(120_000);
    const body = JSON.stringify({ clientId: 'c1', content: 'hello' });
    await call(system.urls[0]!, `/v1/rooms/queues-${process.pid}/messages`, 'ann', { method: 'POST', body });
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    const complaints: string[] = [];
    page.on('pageerror', error => complaints.push(String(error)));
    const elsewhere: (string | undefined)[] = [];
    page.on('requestfailed', failed => {
      if (!failed.url().startsWith(admin)) elsewhere.push(failed.failure()?.errorText);
    });
    await page.goto(`${admin}/queues`);
    const signIn = async (roles: string[]) => {
      await page.getByLabel('Token of an admin').fill(await token('root', { roles }));
      await page.getByRole('button').click();
    };
    // The session is made, but leads back here.
    const back = page.waitForEvent('framenavigated');
    await signIn([]);
    await back;
    assert.equal(page.url(), `${admin}/queues-sign-in`);
    await signIn(['admin']);
    await page.waitForURL(url => url.pathname.replace(/\/$/, '') === '/queues');
    await page
      .getByText(/^parley-\d+-\d+$/)
      .first()
      .waitFor();
    assert.deepEqual(complaints, []);
    assert.ok(
      elsewhere.every(why => why === 'csp'),
      `nobody else is asked for anything: ${elsewhere}`,
    );
  });
});
