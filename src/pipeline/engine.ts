/** The port between the dispatcher and the engine that runs the flow durably. Types only. */
import type { ReprocessSteps } from '../../workflows/reprocess-flow.ts';
import type { Batch, Steps } from '../../workflows/steps.ts';

/** What engines run. */
export type Activities = Steps & ReprocessSteps;

/** `lost`: it ended without its work being done: failed for good, terminated, cancelled or removed. */
export type RunEnd = 'done' | 'lost';

export type Run = {
  /** How the run ended, whoever did its work; undefined where that is not known within `timeoutMs`. Never throws. */
  ended(timeoutMs: number): Promise<RunEnd | undefined>;
};

/** An entry of a room's log that a batch holds. */
export type Place = { room: string; id: number; offset: number };
export type Unfinished = { id: string; places: Place[] };

/** A run by its name, and the rooms that it was asked to go over, where it was not all. */
export type RunOverHistory = { run: string; rooms?: string[] };
/** How long an engine keeps the messages of a run that has ended. */
export type Kept = { engine: 'temporal' | 'bullmq'; ms: number; note: string };

export type Engine = {
  /**
   * Starts the flow over a batch. Resolves once the start is durable: the intake may forget the entries then.
   * A batch with the same id that runs, or has run, counts as started. Throws when the engine does not answer;
   * then it may or may not have started, and the same call may be made again.
   */
  start(batch: Batch): Promise<Run>;
  /**
   * The batches that were started and have not ended, with the entries that they hold: what runs, waits, or is to be
   * tried again; not what failed for good, was cancelled or is done. One that was started some seconds before the
   * call and is still unfinished after it is among them; one that is named may be over already. Read-only, in pages,
   * each call within its timeout; throws when the engine does not answer.
   */
  unfinished(): AsyncIterable<Unfinished>;
  /** Takes up a run over history, where no worker is at it, and wakes it where it waits. Throws when the engine does not answer. */
  reprocess(run: RunOverHistory): Promise<void>;
  /** How long texts are kept, as the engine itself says. Throws when it does not answer. */
  kept(): Promise<Kept>;
  close(): Promise<void>;
};

/** An engine to look at: no worker of it runs here. */
export type LookedAt = Pick<Engine, 'unfinished' | 'kept'> & { close(): Promise<void> };

/** An engine at work: the port, and its worker. */
export type RunningEngine = {
  engine: Engine;
  /** Rejects if the worker ever ends by itself; never resolves. */
  failed: Promise<never>;
  /** Lets what is under way end, and gives the rest back for another worker, within `shutdownMs`. */
  close(): Promise<void>;
};
