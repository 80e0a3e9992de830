/**
 * `npm run -s analyse [-- --policy FILE [--alone]] [--plain | --jsonl] < texts`: what the pipeline would say of each
 * line, as one JSON line each, in order. The input is JSONL with `text` where its first line that is not empty
 * begins with `{"`, else plain lines. A policy is tried as a room's own, over the built-in one, or alone. Rules that
 * count in windows never hit here: there is no one who wrote the lines.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createLanguageDetector } from './enrichment/language.ts';
import { createSentimentAnalyser } from './enrichment/sentiment.ts';
import { linesOf, TooLong } from './lines.ts';
import { createJudge, type Judge } from './moderation/judge.ts';
import { compilePolicy, inherit } from './moderation/policy/compile.ts';
import { parsePolicy } from './moderation/policy/parse.ts';

type Options = { policy?: string; alone?: boolean; plain?: boolean; jsonl?: boolean };

/** Exit codes: 1 some line could not be read, 2 the call or the policy is wrong. */
async function main() {
  const options = optionsOrSay();
  const judge = options && judgeOrSay(options);
  if (options === undefined || judge === undefined) {
    process.exitCode = 2;
    return;
  }
  process.stdout.on('error', error => {
    // Whoever reads has had enough (`| head`).
    if ('code' in error && error.code === 'EPIPE') process.exit();
    throw error;
  });
  const language = await createLanguageDetector();
  const sentiment = createSentimentAnalyser();
  let jsonl = options.jsonl === true ? true : options.plain === true ? false : undefined;
  let number = 0;
  for await (const line of linesOf(process.stdin)) {
    number += 1;
    if (jsonl === undefined && typeof line === 'string' && line !== '') jsonl = line.startsWith('{"');
    const text = textOf(line, jsonl === true);
    if (typeof text !== 'string') {
      process.exitCode = 1;
      process.stderr.write(`line ${number}: ${text.wrong}\n`);
      await write({ error: text.wrong });
      continue;
    }
    const found = language.detect(text);
    const verdict = judge.judge({ content: text, language: found });
    await write({ verdict, language: found, sentiment: sentiment.analyse(text, found) });
  }
}

function textOf(line: string | typeof TooLong, jsonl: boolean): string | { wrong: string } {
  if (line === TooLong) return { wrong: 'This line is longer than a mebibyte.' };
  if (!jsonl) return line;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string') {
      return value.text;
    }
    return { wrong: 'This JSON line is no object with a "text" that is a string.' };
  } catch {
    return { wrong: 'This line is not JSON, and the first one was.' };
  }
}

/** One line out; waits while nobody reads. */
async function write(line: object): Promise<void> {
  if (process.stdout.write(`${JSON.stringify(line)}\n`)) return;
  await new Promise(resolve => process.stdout.once('drain', resolve));
}

function optionsOrSay(): Options | undefined {
  const boolean = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      options: { policy: { type: 'string' }, alone: boolean, plain: boolean, jsonl: boolean },
    });
    return values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'The options are wrong.'}\n`);
    return undefined;
  }
}

function judgeOrSay({ policy: file, alone }: Options): Judge | undefined {
  if (file === undefined) return createJudge();
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : 'This cannot be read.'}\n`);
    return undefined;
  }
  const own = parsePolicy(json);
  const whole = 'errors' in own || alone === true ? own : inherit(own.policy);
  if ('policy' in whole) return createJudge(compilePolicy(whole.policy, `file:${basename(file)}`));
  for (const { path, message } of whole.errors) {
    process.stderr.write(`${file}: ${path === '' ? '' : `${path}: `}${message}\n`);
  }
  return undefined;
}

await main();
