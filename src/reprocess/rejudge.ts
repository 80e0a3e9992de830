/** What judges a run: policies as they stood when it began, or the one that it was asked to try. */
import type { Fetched, Language, Sentiment, Verdict, Versions } from '../message.ts';
import { createLivePolicies } from '../moderation/live.ts';
import type { CompiledPolicy } from '../moderation/policy/compile.ts';
import { UNSCORED } from '../moderation/policy/types.ts';
import { createRoomJudge } from '../moderation/room-judge.ts';
import type { PolicyNews, PolicyStore } from '../store/policies.ts';
import type { ReprocessRun } from '../store/reprocess-runs.ts';

type Deps = {
  policies: Pick<PolicyStore, 'asOf' | 'version'>;
  language: { version: string; detect(text: string): Language };
  sentiment: { version: string; analyse(text: string, language: Language): Sentiment };
  logger: { warn(details: object, message: string): void };
};

/** Runs whose policies are kept compiled; the one that was asked for longest ago is compiled anew. */
const MAX_RUNS = 4;

/** Throws what the store throws, and where a version that the run names is gone. */
export function createRejudge({ policies, language, sentiment, logger }: Deps) {
  const ready = new Map<string, ReturnType<typeof judgesOf>>();

  async function frozen({ spec: { policiesThrough, policy, draft } }: ReprocessRun): Promise<PolicyNews[]> {
    const all = await policies.asOf(policiesThrough);
    if (policy === undefined && draft === undefined) return all;
    const scope = policy?.scope ?? '*';
    const chosen = draft ?? (await policies.version(scope, policy!.version))?.policy;
    if (chosen === undefined)
      throw new Error(`there is no version ${policy!.version} of the policy ${scope}`);
    const version = policy?.version ?? 0;
    return [...all.filter(one => one.scope !== scope), { id: 0, scope, version, policy: chosen }];
  }

  async function judgesOf(run: ReprocessRun) {
    const news = await frozen(run);
    const live = createLivePolicies({ since: async () => news, logger, pollMs: 0 });
    await live.load();
    const judge = createRoomJudge(live);
    const versions: Versions = {
      language: language.version,
      moderation: judge.version,
      sentiment: sentiment.version,
    };
    return {
      versions,
      language: language.detect,
      sentiment: sentiment.analyse,
      verdict: ({
        was,
        ...message
      }: {
        room: string;
        content: string;
        language: Language;
        was: Verdict | undefined;
      }) => {
        const policy = live.of(message.room);
        // Nobody asks the provider here: for want of scores stays held what was, and nothing else is.
        const by: CompiledPolicy = was?.rules.includes(UNSCORED) ? policy : { ...policy, whenDown: 'open' };
        return judge.judge({ ...message, by, fetched: fetchedFor(was, policy) });
      },
      policyOf: (room: string) => live.of(room).version,
    };
  }

  return async (run: ReprocessRun) => {
    const found = ready.get(run.run) ?? judgesOf(run);
    ready.delete(run.run);
    ready.set(run.run, found);
    if (ready.size > MAX_RUNS) ready.delete(ready.keys().next().value!);
    try {
      return await found;
    } catch (error) {
      ready.delete(run.run);
      throw error;
    }
  };
}

/**
 * Neither windows nor provider are asked again: the verdict that stands kept what they gave. Those of older versions
 * did not; what windows gave to rules that hit stands in their hits.
 */
function fetchedFor(was: Verdict | undefined, { windows }: CompiledPolicy): Fetched {
  if (was?.fetched !== undefined) return was.fetched;
  const scores = new Map(was?.hits?.map(({ rule, score }) => [rule, score]));
  const counts = windows.flatMap(({ shape, rules }) => {
    const given = rules.map(rule => scores.get(rule)).find(score => score !== undefined);
    return given === undefined ? [] : [[shape, given] as const];
  });
  return { counts: Object.fromEntries(counts) };
}
