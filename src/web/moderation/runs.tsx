import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../client/index.ts';
import { useEvery } from './every.ts';
import { momentWords } from './moment-words.ts';
import { Report } from './run-report.tsx';
import { Steering } from './run-steering.tsx';
import { leftWords, progressWords, runWords, stateWords } from './run-words.ts';
import type { RunsView } from './runs-view.ts';
import { Told } from './told.tsx';

const EVERY_MS = 1_000;
const LIST_EVERY_MS = 10_000;

/** Judging what was said before by the policy of today: tried first, then applied. */
export function RunsPage({ runs }: { runs: RunsView }) {
  useEvery(LIST_EVERY_MS, runs.load);
  useEvery(EVERY_MS, runs.refresh);
  const shown = runs.shown.value;
  useHeadFocus(shown?.run);
  const others = runs.listed.value?.filter(({ run }) => run !== shown?.run) ?? [];
  return (
    <>
      <Told name="runs" problem={runs.problem.value} told={runs.told.value} />
      <p class="hint">
        What was said here before is judged by the policy that counts now. A dry run changes nothing and tells
        nobody.
      </p>
      <button
        type="button"
        class="second"
        data-testid="run-try"
        aria-disabled={runs.busy.value}
        onClick={() => void runs.tryOut()}
      >
        Begin a dry run
      </button>
      {shown !== undefined && <Shown key={shown.run} runs={runs} run={shown} />}
      {others.length > 0 && (
        <section aria-labelledby="other-runs">
          <h3 id="other-runs">{shown === undefined ? 'Runs' : 'Other runs'}</h3>
          <ul class="noted" data-testid="runs">
            {others.map(run => (
              <li key={run.run} class="standing">
                <p>
                  {runWords(run)} by {run.author}, {momentWords(run.createdAt)}: {stateWords(run)}
                </p>
                <button
                  type="button"
                  class="link"
                  aria-label={`Show the run ${run.run}`}
                  onClick={() => void runs.look(run)}
                >
                  Show
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** Whoever begins or picks a run goes on from its head: what was pressed may be gone. */
function useHeadFocus(run: string | undefined) {
  const last = useRef(run);
  useEffect(() => {
    if (last.current !== run) document.getElementById('shown-run')?.focus();
    last.current = run;
  }, [run]);
}

function Shown({ runs, run }: { runs: RunsView; run: Run }) {
  const report = runs.report.value;
  const { total, counts, endedAt, note } = run;
  return (
    <section aria-labelledby="shown-run" data-testid="run" data-state={run.state}>
      <h3 id="shown-run" tabIndex={-1}>
        {runWords(run)}: {stateWords(run)}
      </h3>
      <p class="hint">
        <code>{run.run}</code> by {run.author}, {momentWords(run.createdAt)}
      </p>
      {endedAt === undefined && (
        <progress
          aria-label="How far it is"
          {...(total === undefined
            ? {}
            : { max: Math.max(1, total), value: Math.min(counts.matched, total) })}
        />
      )}
      <p class="hint">{progressWords(run)}</p>
      {note !== undefined && <p class="noted-why">{note}</p>}
      {leftWords(run).map(words => (
        <p class="hint" key={words}>
          {words}
        </p>
      ))}
      {report !== undefined && <Report report={report} />}
      <Steering runs={runs} run={run} report={report} />
    </section>
  );
}
