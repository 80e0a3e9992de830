import { useRef, useState } from 'preact/hooks';
import type { Run, RunReport } from '../../client/index.ts';
import { ApplyConfirm } from './apply-confirm.tsx';
import { TextInput } from './input.tsx';
import { changesOf } from './run-words.ts';
import type { RunsView } from './runs-view.ts';

type SteeringProps = { runs: RunsView; run: Run; report: RunReport | undefined };

/** What can be done with a run: on its way, tried, or applied. */
export function Steering({ runs, run, report }: SteeringProps) {
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (run.endedAt === undefined) return <Course runs={runs} run={run} />;
  if (run.dryRun) {
    // A draft is no policy: what it would do can be applied once it is saved as one, and tried.
    if (run.drafted || run.state !== 'done' || report === undefined || changesOf(report).length === 0)
      return null;
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
        <button
          type="button"
          class="second bad"
          onClick={() => void runs.cancel().then(() => document.getElementById('shown-run')?.focus())}
        >
          Cancel
        </button>
      </p>
    </>
  );
}
