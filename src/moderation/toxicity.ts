import type { BuiltinList } from './policy/types.ts';
import type { Reading } from './reading.ts';

/** How sure a hit of each list makes it that a text is rude; all are above a half, for each was chosen to be. */
const WEIGHT: Record<BuiltinList, number> = {
  slur: 0.98,
  threat: 0.98,
  offensive: 0.9,
  strong: 0.85,
  wish: 0.75,
  insult: 0.65,
  sexual: 0.55,
  mild: 0.55,
};

/** 0..1: the lists that hit, each once, as independent signs (1 minus the product of what each leaves open). */
export function toxicityOf({ listed, excepted }: Pick<Reading, 'listed' | 'excepted'>): number {
  const hit = new Set<BuiltinList>();
  for (const { list, span } of listed) {
    if (!excepted.some(([from, to]) => from <= span[0] && span[1] <= to)) hit.add(list);
  }
  let open = 1;
  for (const list of hit) open *= 1 - WEIGHT[list];
  return 1 - open;
}
