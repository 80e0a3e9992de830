/** Where a test's worker kills itself, in the order of a batch's life. */
export type FaultPoint =
  | 'before a step'
  | 'in a step'
  | 'after the append'
  | 'in persist'
  | 'after the commit'
  | 'after persist';

/** What a message says that is poison for a step, or holds it up. */
export const POISON = '!poison!';
export const HANGS_ONCE = '!hangs once!';
export const HANGS = '!hangs!';
