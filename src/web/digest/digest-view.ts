/** What a room's last days came to, as the service counts them. */
import { batch, computed, signal } from '@preact/signals';
import type { Client, Digest } from '../../client/index.ts';
import { refusalWords } from '../words.ts';

/** A day of the chart; without a digest nobody wrote. */
export type Day = { day: string; digest: Digest | undefined };
export type DigestView = ReturnType<typeof createDigestView>;

const DAYS = 7;
const DAY_MS = 86_400_000;

export function createDigestView(client: Pick<Client, 'digests'>, room: string) {
  const days = signal<readonly Day[] | undefined>(undefined);
  const problem = signal<string | undefined>(undefined);
  const chosen = signal<string | undefined>(undefined);
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    try {
      const { digests } = await client.digests(room, { day: today, days: DAYS });
      const found = new Map(digests.map(digest => [digest.day, digest]));
      batch(() => {
        days.value = lastDays(today).map(day => ({ day, digest: found.get(day) }));
        problem.value = undefined;
      });
    } catch (error) {
      problem.value = refusalWords(error);
    }
  }

  return {
    /** The last seven, oldest first. */
    days,
    problem,
    /** The day to be shown in detail: the one that was chosen, else the last one with a message. */
    shown: computed(
      () =>
        days.value?.find(({ day }) => day === chosen.value) ??
        days.value?.findLast(({ digest }) => digest !== undefined),
    ),
    choose(day: string) {
      chosen.value = day;
    },
    /** Reads the days anew; one reading at a time. */
    load(): Promise<void> {
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}

function lastDays(today: string): string[] {
  const at = (back: number) => new Date(Date.parse(today) - back * DAY_MS).toISOString().slice(0, 10);
  return Array.from({ length: DAYS }, (_, i) => at(DAYS - 1 - i));
}
