import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RunReport } from '../../client/index.ts';
import { confirmWords } from './run-words.ts';

type Props = { report: RunReport; room: string; onApply(): void; onKeep(): void };

/** Says what readers lose before anything is applied. The focus is on the way out, and Escape takes it. */
export function ApplyConfirm({ report, room, onApply, onKeep }: Props) {
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus(), []);
  return (
    <fieldset
      class="apply"
      data-testid="run-confirm"
      onKeyDown={event => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onKeep();
      }}
    >
      <legend>{confirmWords(report, room)}</legend>
      <p class="hint">
        It is judged by the policy that counts when it begins. Should readers lose more by now, it stops
        before that and asks. It can be taken back.
      </p>
      <p class="decide">
        <button type="button" class="danger" data-testid="run-apply-sure" onClick={onApply}>
          Apply
        </button>
        <button type="button" class="link" ref={keep} onClick={onKeep}>
          Not now
        </button>
      </p>
    </fieldset>
  );
}
