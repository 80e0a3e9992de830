import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding, Report } from '../../src/audit/report.ts';
import { nodeArguments } from '../../src/stack/node-command.ts';

/** Runs the operator's command; its exit code, and its report where it made one. */
export async function runAudit(env: Record<string, string>, ...args: string[]) {
  const child = spawn(
    process.execPath,
    [...nodeArguments(new URL('../../src/audit.ts', import.meta.url)), ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        DATA_DIR: join(tmpdir(), 'parley-no-such'),
        ...env,
      },
      timeout: 60_000,
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', chunk => {
    out += String(chunk);
  });
  child.stderr.on('data', chunk => {
    err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export async function reportOf(env: Record<string, string>): Promise<Report & { code: number | null }> {
  const { code, out, err } = await runAudit(env, '--json');
  if (out === '') throw new Error(`the audit said nothing: ${err}`);
  return { ...(JSON.parse(out) as Report), code };
}

/** What was found, in an order of its own. */
export function namesOf(findings: Finding[]): string[] {
  return findings.map(({ kind, room, id, offset }) => `${kind} ${room} ${id ?? `at ${offset}`}`).sort();
}
