/** What the provider may answer (PROVIDER.md), checked whole. Pure. */

/** 0..1 by category, to four places. */
export type Scores = Record<string, number>;

const CATEGORY = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,31}$/;
const MAX_CATEGORIES = 20;

/** The scores of `count` texts, null for one that the provider cannot score; undefined where the shape is wrong. */
export function scoresIn(json: string, count: number): (Scores | null)[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(json);
  } catch {
    return undefined;
  }
  const list = isObject(answer) ? answer.scores : undefined;
  if (!Array.isArray(list) || list.length !== count || !list.every(isScores)) return undefined;
  return list.map(scores => scores && rounded(scores));
}

function isScores(value: unknown): value is Scores | null {
  if (value === null) return true;
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_CATEGORIES &&
    entries.every(([name, score]) => CATEGORY.test(name) && isScore(score))
  );
}

const isScore = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;

/** As it is kept, so that judging again by what was kept gives the same. */
function rounded(scores: Scores): Scores {
  return Object.fromEntries(
    Object.entries(scores).map(([name, score]) => [name, Math.round(score * 10_000) / 10_000]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
