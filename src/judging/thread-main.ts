/** The thread that judges texts for a gateway (judges.ts): started by it, ended by it. */
import { parentPort } from 'node:worker_threads';
import { createLanguageDetector } from '../enrichment/language.ts';
import { createJudgeBy } from '../moderation/judge.ts';
import { type CompiledPolicy, compilePolicy } from '../moderation/policy/compile.ts';
import type { Answered, Asked } from './asked.ts';

/** The one that was asked for longest ago goes, and is asked for again. */
const MAX_COMPILED = 100;

async function main() {
  const language = await createLanguageDetector();
  const judgeBy = createJudgeBy();
  const compiled = new Map<string, CompiledPolicy>();

  function answer({ id, content, key, version, policy }: Asked): Answered {
    try {
      const found = compiled.get(key) ?? (policy && compilePolicy(policy, version));
      if (found === undefined) return { id, missing: true };
      compiled.delete(key);
      compiled.set(key, found);
      if (compiled.size > MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
      return { id, verdict: judgeBy(found, { content, language: language.detect(content) }) };
    } catch (error) {
      return { id, failed: error instanceof Error ? error.name : 'unknown' };
    }
  }

  parentPort?.on('message', (asked: Asked) => parentPort?.postMessage(answer(asked)));
}

await main();
