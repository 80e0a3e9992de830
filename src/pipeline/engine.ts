/** The port between the dispatcher and the engine that runs the flow durably. Types only. */
import type { Batch } from '../../workflows/steps.ts';

export type Engine = {
  /**
   * Starts the flow over a batch. Resolves once the start is durable: the intake may forget the entries then.
   * A batch with the same id that runs, or has run, counts as started. Throws when the engine does not answer;
   * then it may or may not have started, and the same call may be made again.
   */
  start(batch: Batch): Promise<{ finished: Promise<void> }>;
  close(): Promise<void>;
};
