/** Runs over the history of one room, for admins: tried first, then applied. */
import { batch, signal } from '@preact/signals';
import type { Run, RunReport, Runs } from '../../client/index.ts';
import { createAttempt, moderationRefusal } from './attempt.ts';
import { lossesOf, runWords, stateWords } from './run-words.ts';

export type RunsView = ReturnType<typeof createRunsView>;

/** Of all rooms: the room's own are found among the newest. */
const NEWEST = 100;

export function createRunsView(runs: Runs, room: string) {
  const trying = createAttempt(['maxRemovals', 'reason']);
  const listed = signal<readonly Run[] | undefined>(undefined);
  /** The run that is looked at. */
  const shown = signal<Run | undefined>(undefined);
  const report = signal<RunReport | undefined>(undefined);
  let reading: Promise<void> | undefined;

  const isOfRoom = ({ rooms }: Run) => rooms?.length === 1 && rooms[0] === room;

  async function list(): Promise<void> {
    const page = await runs.list({ limit: NEWEST });
    listed.value = page.runs.filter(isOfRoom);
  }

  /** Reads the run that is shown, and once it has come to a stand what it found. */
  async function follow(run: string): Promise<void> {
    const before = shown.value;
    const now = await runs.read(run);
    const rests = now.endedAt !== undefined || now.state === 'parked';
    const known = before?.state === now.state ? report.value : undefined;
    const found = rests ? (known ?? (await runs.report(run))) : undefined;
    if (shown.value?.run !== run) return;
    batch(() => {
      shown.value = now;
      report.value = found;
      listed.value = listed.value?.map(one => (one.run === run ? now : one));
      if (before?.endedAt === undefined && now.endedAt !== undefined)
        trying.told.value = `${runWords(now)}: ${stateWords(now)}.`;
    });
  }

  async function show(run: Run): Promise<void> {
    batch(() => {
      shown.value = run;
      report.value = undefined;
      if (!listed.value?.some(one => one.run === run.run)) listed.value = [run, ...(listed.value ?? [])];
    });
    await follow(run.run);
  }

  function read(work: () => Promise<void>): Promise<void> {
    reading ??= work()
      .catch(error => {
        trying.problem.value = moderationRefusal(error);
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  const begin = (work: () => Promise<Run>, words: string) =>
    trying.attempt(async () => {
      await show(await work());
      return shown.value?.endedAt === undefined ? words : trying.told.value;
    });
  const steer = (work: (run: string) => Promise<Run>, words: string) =>
    trying.attempt(async () => {
      if (shown.value !== undefined) await show(await work(shown.value.run));
      return words;
    });

  return {
    room,
    ...trying,
    listed,
    shown,
    report,
    load: () => read(list),
    /** For a timer: nothing is asked of a run that has ended. */
    refresh(): Promise<void> {
      const run = shown.value;
      return run === undefined || run.endedAt !== undefined ? Promise.resolve() : read(() => follow(run.run));
    },
    async look(run: Run): Promise<void> {
      await reading;
      await read(() => show(run));
    },
    /** Tries the policy that counts now on everything that was said here. */
    tryOut: () => begin(() => runs.begin({ rooms: [room], redo: 'moderation' }), 'The dry run has begun.'),
    /** Does what a dry run found; should more be lost to readers by now, it stops before that. */
    apply(tried: RunReport) {
      const { from, to, fromId, toId, redo, policy, outdated } = tried.run;
      const range = { from, to, fromId, toId, policy, outdated };
      const given = Object.fromEntries(Object.entries(range).filter(([, value]) => value !== undefined));
      const request = { ...given, rooms: [room], redo, dryRun: false, maxRemovals: lossesOf(tried) };
      return begin(() => runs.begin(request), 'It is being applied.');
    },
    pause: () => steer(runs.pause, 'Paused.'),
    resume: (maxRemovals?: number) =>
      steer(run => runs.resume(run, maxRemovals === undefined ? {} : { maxRemovals }), 'It goes on.'),
    cancel: () => steer(runs.cancel, 'Cancelled. What was applied stays.'),
    undo: () =>
      begin(async () => await runs.undo(shown.value!.run), 'It is being taken back, where it still stands.'),
  };
}
