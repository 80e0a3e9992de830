/** Where a live frame stands to the last one heard. Pure. */
export type Standing = 'next' | 'known' | 'hole';

/** Offsets of a room grow by exactly 1, and every member gets one frame for each: anything else is a loss. */
export function standingOf(heard: number, offset: number): Standing {
  if (offset <= heard) return 'known';
  return offset === heard + 1 ? 'next' : 'hole';
}
