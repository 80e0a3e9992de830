/** One try at a time, and what came of it in words. */
import { signal } from '@preact/signals';
import { ParleyError } from '../../client/index.ts';
import { refusalWords } from '../words.ts';

/** What was wrong with the last try: at `path`, as the service names the field, or at none of the fields. */
export type Fault = { path: string; message: string };
export type Attempt = ReturnType<typeof createAttempt>;

/** Where the service names the field alone. */
const FIELD_WORDS: Readonly<Record<string, string>> = {
  user: 'A user id has letters, digits and the signs _ . @ -, and 64 of them at most.',
  reason: 'A reason may have 500 characters.',
};

/** `fields` are those beside which a fault can be shown. */
export function createAttempt(fields: readonly string[] = []) {
  const busy = signal(false);
  const fault = signal<Fault | undefined>(undefined);
  const problem = signal<string | undefined>(undefined);
  /** What went well. */
  const told = signal<string | undefined>(undefined);

  return {
    busy,
    fault,
    problem,
    told,
    /** Answers whether it went well; `run` gives the words for that. A further one is refused meanwhile. */
    async attempt(run: () => Promise<string | undefined>): Promise<boolean> {
      if (busy.value) return false;
      busy.value = true;
      fault.value = problem.value = told.value = undefined;
      try {
        told.value = await run();
        return true;
      } catch (error) {
        fault.value = faultOf(error, fields);
        if (fault.value === undefined) problem.value = moderationRefusal(error);
        return false;
      } finally {
        busy.value = false;
      }
    },
    /** A fault that is known before the service is asked. */
    refuse(path: string, message: string) {
      problem.value = told.value = undefined;
      fault.value = { path, message };
    },
  };
}

function faultOf(error: unknown, fields: readonly string[]): Fault | undefined {
  if (!(error instanceof ParleyError) || error.path === undefined || !fields.includes(error.path))
    return undefined;
  const { path, code, message } = error;
  if (code === 'forbidden') return { path, message: 'Nobody mutes or bans themselves.' };
  return { path, message: FIELD_WORDS[path] ?? message };
}

/** Where the page says of a refusal what rooms say, the moderators' calls have their own reasons. */
export function moderationRefusal(error: unknown): string {
  const isOwn = error instanceof ParleyError && (error.code === 'forbidden' || error.code === 'overloaded');
  return isOwn ? error.message : refusalWords(error, 'message');
}
