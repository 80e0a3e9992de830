/** A worker as it is, but that its verdict is the action that a message begins with: `mask the word`. */
import { createWorker } from '../../../src/context/worker.ts';
import { runEntry } from '../../../src/entry.ts';
import { ACTIONS, type Verdict } from '../../../src/message.ts';

function verdictOf(content: string): Verdict {
  const action = ACTIONS.find(name => content.startsWith(`${name} `)) ?? 'allow';
  const word = content.indexOf('word');
  const spans: Verdict['spans'] = action === 'mask' && word >= 0 ? [[word, word + 4]] : [];
  return { action, rules: action === 'allow' ? [] : [`rule/${action}`], spans, policy: 'test@1' };
}

await runEntry(config =>
  createWorker(config, {
    steps: real => ({
      ...real,
      moderate: async ({ submissions }) => submissions.map(({ content }) => verdictOf(content)),
    }),
  }),
);
