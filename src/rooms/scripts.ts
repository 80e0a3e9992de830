import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

const NAMES = [
  'append',
  'amend',
  'redrive',
  'announce',
  'open-gate',
  'withdraw',
  'revise',
  'expunge',
  'written-by',
  'settle',
  'since',
  'recent',
  'head',
  'cache-page',
  'open-partition',
  'open-room',
  'renew-room',
  'trim-room',
  'presence',
  'limit',
  'window',
  'account-log',
  'account-open',
  'account-intake',
] as const;
export type ScriptName = (typeof NAMES)[number];

/** What a Lua script answers: strings, numbers and lists of them. */
export type Reply = string | number | null | Reply[];

export type Scripts = { run(name: ScriptName, keys: string[], args: (string | number)[]): Promise<Reply> };

/** The Lua scripts of the room log, each run as one atomic step; sent whole once per Redis, then by its hash. */
export function createScripts(redis: Redis): Scripts {
  const load = (file: string) => readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), 'utf8');
  const prelude = load('prelude');
  const scripts = new Map(
    NAMES.map(name => {
      const source = `${prelude}\n${load(name)}`;
      return [name, { source, sha: createHash('sha1').update(source).digest('hex') }];
    }),
  );

  return {
    async run(name, keys, args) {
      const script = scripts.get(name)!;
      try {
        return (await redis.evalsha(script.sha, keys.length, ...keys, ...args)) as Reply;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return (await redis.eval(script.source, keys.length, ...keys, ...args)) as Reply;
      }
    },
  };
}
