/**
 * The external moderation provider behind its port: many texts in few calls, a bound on the calls at a time, one
 * deadline for all of them, and a breaker that keeps it from being asked while it fails.
 */
import type { WorkerMetrics } from '../metrics.ts';
import type { Scores } from './answer.ts';
import { type BreakerState, createBreaker } from './breaker.ts';
import { type Ask, createHttpAsk, type TextAsked } from './http.ts';
import { createSlots } from './slots.ts';

export type ModerationProvider = {
  /**
   * The scores of each text, in order; undefined for one that has none within `timeoutMs`, for whatever reason. Never
   * rejects.
   */
  score(texts: readonly TextAsked[]): Promise<(Scores | undefined)[]>;
};

type Log = (details: object, message: string) => void;
type Deps = {
  /** `batch` is how many texts a call takes, `calls` how many there are at a time. */
  options: { url: string; token?: string | undefined; timeoutMs: number; batch: number; calls: number };
  metrics: Pick<WorkerMetrics, 'providerCalls' | 'providerTexts' | 'providerBreaker'>;
  logger: { warn: Log; info: Log };
};

/** Calls that wait for one of those at a time; what is more goes without scores. */
const MAX_WAITING = 1_000;
/** With a smaller share of the time left no call is begun: that it fails would say nothing of the provider. */
const LEAST_SHARE = 0.25;
const GAUGE: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

/** Over HTTP, as PROVIDER.md says. Asks for nothing until it is asked. */
export function createModerationProvider({
  options,
  metrics,
  logger,
}: Deps): ModerationProvider & { close(): void } {
  const { timeoutMs, batch, calls } = options;
  const ask = createHttpAsk(options);
  const inSlot = createSlots(calls, MAX_WAITING);
  const breaker = createBreaker({
    onChange(state, pauseMs) {
      metrics.providerBreaker.set(GAUGE[state]);
      if (state === 'open')
        logger.warn({ pauseMs }, 'the moderation provider fails: it is not asked for now');
      if (state === 'closed') logger.info({}, 'the moderation provider answers again');
    },
  });
  const underway = new Set<AbortController>();

  async function askOnce(texts: TextAsked[], signal: AbortSignal, deadline: number) {
    if (deadline - performance.now() < LEAST_SHARE * timeoutMs) return [];
    const tell = breaker.admit();
    if (tell === undefined) return [];
    const stop = metrics.providerCalls.startTimer();
    const answer = await persistent(ask, texts, signal);
    const failed = 'failed' in answer;
    stop({ result: failed ? answer.failed : 'answered' });
    tell(!failed);
    return failed ? [] : answer.scores;
  }

  async function askAll(texts: TextAsked[], found: Map<string, Scores>, controller: AbortController) {
    const deadline = performance.now() + timeoutMs;
    const asking = partsOf(texts, batch).map(part =>
      inSlot(async () => {
        const scores = await askOnce(part, controller.signal, deadline);
        for (const [i, text] of part.entries()) if (scores[i]) found.set(keyOf(text), scores[i]);
      }),
    );
    await Promise.race([Promise.all(asking), aborted(controller.signal)]);
  }

  return {
    async score(texts) {
      const distinct = new Map(texts.map(text => [keyOf(text), text]));
      const found = new Map<string, Scores>();
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), timeoutMs);
      underway.add(controller);
      await askAll([...distinct.values()], found, controller);
      clearTimeout(timer);
      underway.delete(controller);
      const scores = texts.map(text => found.get(keyOf(text)));
      const scored = scores.filter(one => one !== undefined).length;
      metrics.providerTexts.inc({ result: 'scored' }, scored);
      metrics.providerTexts.inc({ result: 'unscored' }, scores.length - scored);
      return scores;
    },
    /** Ends what is under way; it then has no scores. */
    close() {
      for (const controller of underway) controller.abort();
    },
  };
}

/** Again, once, where the line broke: a connection that was kept may have been closed from afar just now. */
async function persistent(ask: Ask, texts: TextAsked[], signal: AbortSignal) {
  const answer = await ask(texts, signal);
  const isBroken = 'failed' in answer && answer.failed === 'unreachable';
  return isBroken && !signal.aborted ? await ask(texts, signal) : answer;
}

const keyOf = ({ content, language }: TextAsked) => `${language} ${content}`;

function partsOf<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
