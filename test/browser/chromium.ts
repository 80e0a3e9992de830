/** A real browser for tests: the Chromium or Chrome that the machine has. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser. Throws one sentence where there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findProgram();
  if (executablePath === undefined) {
    throw new Error(`The browser tests need one of these on the PATH: ${PROGRAMS.join(', ')}.`);
  }
  return await chromium.launch({ executablePath, headless: true, args: QUIET, timeout: 120_000 });
}

function findProgram(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  const candidates = PROGRAMS.flatMap(name => folders.map(folder => join(folder, name)));
  return candidates.find(candidate => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
