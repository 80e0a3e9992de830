/** `npm run clean`: removes what `npm start` made here. `-- --all` also removes the Temporal kept for the user. */
import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRunning } from './running.ts';
import { cacheFolder } from './temporal-program.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

function main() {
  const dataDir = resolve(process.env.DATA_DIR ?? '.parley');
  const built = fileURLToPath(new URL('../../dist', import.meta.url));
  const running = readRunning(dataDir);
  if (running !== undefined) {
    say(`npm start runs on ${dataDir} (pid ${running.pid}): stop it first.`);
    process.exitCode = 1;
    return;
  }
  if (existsSync(dataDir) && !isOurs(dataDir)) {
    say(`${dataDir} does not look like Parley's data: nothing was removed.`);
    process.exitCode = 1;
    return;
  }
  const folders = [dataDir, built, ...(process.argv.includes('--all') ? [cacheFolder()] : [])].filter(
    existsSync,
  );
  for (const folder of folders) {
    rmSync(folder, { recursive: true });
    say(`removed ${relative('.', folder)}`);
  }
  if (folders.length === 0) say('there was nothing to remove');
  if (existsSync(cacheFolder()))
    say(`kept ${cacheFolder()}, the Temporal built for you: npm run clean -- --all removes it`);
}

function isOurs(dataDir: string): boolean {
  return ['auth-secret', 'postgres-password', 'postgres', 'redis', 'temporal', 'logs'].some(name =>
    existsSync(join(dataDir, name)),
  );
}

main();
