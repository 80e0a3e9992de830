/**
 * Accuracy and speed of language, moderation and sentiment on labelled rows.
 * NLP_DATA names the folder with the rows. What was fitted was fitted on the half of the rows that a hash of
 * their id calls `fit`; this reports the other half, or with `--half=fit` the first.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLanguageDetector } from '../../src/enrichment/language.ts';
import { createSentimentAnalyser } from '../../src/enrichment/sentiment.ts';
import { ACTIONS, type Verdict } from '../../src/message.ts';
import { createJudge } from '../../src/moderation/judge.ts';
import { compilePolicy } from '../../src/moderation/policy/compile.ts';
import { DEFAULT_POLICY } from '../../src/moderation/policy/default.ts';
import { parsePolicy } from '../../src/moderation/policy/parse.ts';

type Row = { id: string; text: string; label: string | number; lang?: string; kind?: string };

const folder = process.env.NLP_DATA;
if (folder === undefined || folder === '') {
  process.stderr.write('bench:nlp: NLP_DATA is not given: it names the folder of labelled rows (*.jsonl).\n');
  process.exit(2);
}
const wanted = process.argv.includes('--half=fit') ? 'fit' : 'report';

/** FNV-1a over the id with a last mixing step; its lowest bit chooses the half. */
function halfOf(id: string): 'fit' | 'report' {
  let hash = 2_166_136_261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507) >>> 0;
  return (hash ^ (hash >>> 13)) & 1 ? 'report' : 'fit';
}

const read = (name: string): Row[] =>
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Row)
    .filter(row => halfOf(row.id) === wanted);

const language = await createLanguageDetector();
const judge = createJudge();
const sentiment = createSentimentAnalyser();

const judged = (text: string): Verdict => judge.judge({ content: text, language: language.detect(text) });
const isSpam = (verdict: Verdict) => verdict.rules.some(rule => rule.startsWith('spam/'));
/** Any rule about what is said; `strict` leaves out what is only flagged. */
const isRude = (verdict: Verdict, strict = false) =>
  verdict.rules.some(rule => !rule.startsWith('spam/')) &&
  (!strict || ACTIONS.indexOf(verdict.action) >= ACTIONS.indexOf('mask'));

type Pairs = readonly (readonly [truth: string, guess: string])[];
const share = <T>(items: readonly T[], test: (item: T) => boolean) =>
  items.filter(test).length / items.length;
const show = (figure: number) => figure.toFixed(3);
const say = (what: string, ...figures: string[]) =>
  process.stdout.write(`${what.padEnd(34)} ${figures.join('   ')}\n`);

function f1(pairs: Pairs, label: string): number {
  const count = (test: (truth: string, guess: string) => boolean) =>
    pairs.filter(([truth, guess]) => test(truth, guess)).length;
  const hit = count((truth, guess) => truth === label && guess === label);
  const wrong = count((truth, guess) => (truth === label) !== (guess === label));
  return hit === 0 ? 0 : (2 * hit) / (2 * hit + wrong);
}
function macroF1(pairs: Pairs): number {
  const labels = [...new Set(pairs.map(([truth]) => truth))];
  return labels.reduce((sum, label) => sum + f1(pairs, label), 0) / labels.length;
}
const mean = (figures: number[]) => figures.reduce((sum, figure) => sum + figure, 0) / figures.length;

function moderation(): void {
  const rude = ['mod_davidson', 'mod_surge', 'mod_wiki'].map(name => {
    const rows = read(name).map(({ text, label }) => ({ truth: String(label), verdict: judged(text) }));
    const macro = (strict: boolean) =>
      macroF1(rows.map(({ truth, verdict }) => [truth, isRude(verdict, strict) ? '1' : '0']));
    say(
      `${name} macro-F1`,
      show(macro(false)),
      `mask or stricter alone ${show(macro(true))}`,
      `n ${rows.length}`,
    );
    return macro(false);
  });
  say('mean of the three', show(mean(rude)), 'target .78');
  const evasion = read('mod_evasion').map(row => ({ ...row, rude: isRude(judged(row.text)) }));
  const [disguised, clean] = [evasion.filter(row => row.label === 1), evasion.filter(row => row.label === 0)];
  say(
    'disguised profanity, recall',
    show(share(disguised, row => row.rude)),
    'target .88',
    `n ${disguised.length}`,
  );
  say(
    'disguised clean words, flagged',
    show(share(clean, row => row.rude)),
    'target .04',
    `n ${clean.length}`,
  );
  const innocent = read('mod_innocent').map(row => judged(row.text));
  say('innocent texts, flagged', show(share(innocent, verdict => verdict.action !== 'allow')), 'target .04');
  const foreign = ['lang_tatoeba40', 'lang_lingua40'].flatMap(read).filter(row => row.lang !== 'en');
  say(
    'other languages, flagged',
    show(share(foreign, row => isRude(judged(row.text)))),
    `n ${foreign.length}`,
  );
  for (const name of ['spam_sms', 'spam_youtube']) {
    const rows = read(name);
    const pairs = rows.map(row => [String(row.label), isSpam(judged(row.text)) ? '1' : '0'] as const);
    say(
      `${name} F1`,
      show(f1(pairs, '1')),
      name === 'spam_sms' ? 'target .90' : 'no target',
      `n ${rows.length}`,
    );
  }
}

function enrichment(): void {
  const names = { positive: 'pos', negative: 'neg', neutral: 'neu' };
  const pairs = read('sent_vader_tweets').map(
    ({ text, label }) =>
      [String(label), names[sentiment.analyse(text, language.detect(text)).label]] as const,
  );
  say('sentiment macro-F1', show(macroF1(pairs)), 'target .70', `n ${pairs.length}`);
  const sets = ['lang_tatoeba40', 'lang_lingua40', 'lang_sms_en40'].map(name => {
    const rows = read(name);
    const right = share(rows, row => language.detect(row.text).code === row.lang);
    say(`${name} accuracy`, show(right), `n ${rows.length}`);
    return right;
  });
  say('mean of the three', show(mean(sets)), 'target .95');
}

/** Every text once to warm up, then timed one by one; the rate is per second of this process's CPU time. */
function timed(what: string, texts: readonly string[], run: (text: string) => unknown): void {
  for (const text of texts) run(text);
  const before = process.cpuUsage();
  const times = texts.map(text => {
    const start = performance.now();
    run(text);
    return performance.now() - start;
  });
  const used = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const perSecond = (texts.length / (used.user + used.system)) * 1e6;
  const at = (part: number) => times[Math.floor(times.length * part)]!.toFixed(3);
  say(
    what,
    `${Math.round(perSecond)}/CPU-s`,
    `p50 ${at(0.5)} ms`,
    `p99 ${at(0.99)} ms`,
    `max ${times.at(-1)!.toFixed(2)} ms`,
  );
}

function speed(): void {
  const sets = ['mod_davidson', 'mod_surge', 'mod_wiki', 'spam_sms', 'sent_vader_tweets', 'lang_tatoeba40'];
  const texts = sets.flatMap(read).map(row => row.text);
  const english = { code: 'en', confidence: 1 };
  const whole = (text: string) => {
    const found = language.detect(text);
    return [judge.judge({ content: text, language: found }), sentiment.analyse(text, found)];
  };
  timed('language', texts, language.detect);
  timed('moderation', texts, text => judge.judge({ content: text, language: english }));
  timed('sentiment', texts, text => sentiment.analyse(text, english));
  timed('whole stage (target 3000, 5 ms)', texts, whole);
  const large = createJudge(largestPolicy());
  const byLarge = (text: string) => large.judge({ content: text, language: english });
  timed('moderation, largest policy', texts, byLarge);
  for (const [name, text] of Object.entries({ ...HOSTILE, lines: 'abcde fg'.repeat(1_000) })) {
    timed(`largest policy: ${name}`, Array(5).fill(text), byLarge);
  }
  for (const [name, text] of Object.entries(HOSTILE)) timed(`hostile: ${name}`, Array(5).fill(text), whole);
}

/** The built-in rules with as many words as a policy may have, and patterns made to be slow. */
function largestPolicy() {
  const words = Array.from({ length: 5_000 }, (_, i) =>
    i % 2 ? `a b ${i}` : `word${'abcdefghij'[i % 10]}${i} x`,
  );
  const parsed = parsePolicy({
    schema: 1,
    rules: [
      ...DEFAULT_POLICY.rules,
      { id: 'words', type: 'words', words, action: 'mask' },
      { id: 'slow', type: 'pattern', pattern: '(.{0,25}){0,2}c$', action: 'mask' },
      { id: 'links', type: 'links', action: 'flag' },
    ],
  });
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  return compilePolicy(parsed.policy, 'largest');
}

/** Texts of 4,000 code points made to be slow; none may take more than 50 ms. */
const HOSTILE = {
  'combining marks': '\u0301'.repeat(4_000),
  'marks on one letter': `a${'\u0315'.repeat(3_999)}`,
  'zero width': 'f\u200b'.repeat(2_000),
  'lone letters': 'a '.repeat(2_000),
  brackets: '('.repeat(4_000),
  'one run': 'a'.repeat(4_000),
  'capitals, then one small': `${'A'.repeat(3_999)}a`,
  'rude words': 'fuck '.repeat(800),
  'innocent words': 'scunthorpe '.repeat(360),
  'joined rude words': 'fuck'.repeat(1_000),
  'lone rude letters': 'f u c k '.repeat(500),
  stars: 'f**k'.repeat(1_000),
  'stars alone': `s${'*'.repeat(3_999)}`,
  emoji: '🔥'.repeat(4_000),
  'distinct characters': String.fromCodePoint(...Array.from({ length: 4_000 }, (_, i) => 0x4e00 + i)),
  links: 'http://a.b/c '.repeat(307),
  addresses: 'a@'.repeat(2_000),
  digits: '1'.repeat(4_000),
  money: '£1 free '.repeat(500),
  threats: `i will ${'- '.repeat(1_990)}`,
  ligatures: 'ﷺ'.repeat(4_000),
} as const;

process.stdout.write(`labelled rows, the half "${wanted}"\n`);
moderation();
enrichment();
speed();
