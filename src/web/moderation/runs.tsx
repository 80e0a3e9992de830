import { useRef, useState } from 'preact/hooks';
import type { Run, RunReport } from '../../client/index.ts';
import { ApplyConfirm } from './apply-confirm.tsx';
import { useEvery } from './every.ts';
import { TextInput } from './input.tsx';
import { momentWords } from './moment-words.ts';
import { Report } from './run-report.tsx';
import { changesOf, leftWords, progressWords, runWords, stateWords } from './run-words.ts';
import type { RunsView } from './runs-view.ts';
import { Told } from './told.tsx';

const EVERY_MS = 1_000;
const LIST_EVERY_MS = 10_000;

/** Judging what was said before by the policy of today: tried first, then applied. */
export function RunsPage({ runs }: { runs: RunsView }) {
  useEvery(LIST_EVERY_MS, runs.load);
  useEvery(EVERY_MS, runs.refresh);
  const shown = runs.shown.value;
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

function Shown({ runs, run }: { runs: RunsView; run: Run }) {
  const report = runs.report.value;
  const { total, counts, endedAt, note } = run;
  return (
    <section aria-labelledby="shown-run" data-testid="run" data-state={run.state}>
      <h3 id="shown-run">
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

type SteeringProps = { runs: RunsView; run: Run; report: RunReport | undefined };

function Steering({ runs, run, report }: SteeringProps) {
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (run.endedAt === undefined) return <Course runs={runs} run={run} />;
  if (run.dryRun) {
    if (run.state !== 'done' || report === undefined || changesOf(report).length === 0) return null;
    if (asking)
      return (
        <ApplyConfirm
          report={report}
          room={runs.room}
          onApply={() => {
            setAsking(false);
            void runs.apply(report);
          }}
          onKeep={() => {
            setAsking(false);
            requestAnimationFrame(() => button.current?.focus());
          }}
        />
      );
    return (
      <button
        type="button"
        class="second"
        data-testid="run-apply"
        ref={button}
        onClick={() => setAsking(true)}
      >
        Apply…
      </button>
    );
  }
  if (run.undoes !== undefined || run.undoneBy !== undefined || run.counts.applied === 0) return null;
  return (
    <button type="button" class="second" data-testid="run-undo" onClick={() => void runs.undo()}>
      Take it back
    </button>
  );
}

/** What can be done with a run that has not ended. */
function Course({ runs, run }: Omit<SteeringProps, 'report'>) {
  const [most, setMost] = useState(String(run.maxRemovals ?? 0));
  const isParked = run.state === 'parked';
  if (run.state === 'cancelled') return null;
  return (
    <>
      {isParked && (
        <TextInput
          label="Messages that readers may lose in all"
          place="maxRemovals"
          fault={runs.fault.value}
          numeric
          value={most}
          onChange={setMost}
        />
      )}
      <p class="decide">
        {run.state === 'running' ? (
          <button type="button" class="second" onClick={() => void runs.pause()}>
            Pause
          </button>
        ) : (
          <button
            type="button"
            class="second"
            onClick={() => void runs.resume(isParked ? Number(most.trim() || Number.NaN) : undefined)}
          >
            Go on
          </button>
        )}
        <button type="button" class="second bad" onClick={() => void runs.cancel()}>
          Cancel
        </button>
      </p>
    </>
  );
}
