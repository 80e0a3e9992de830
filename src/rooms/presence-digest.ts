/**
 * Many come and go at once when a gateway dies or a line is cut; each of them told to each member would be a flood.
 * What arrives within a moment is told in one frame: who is here that was not, who is gone, and how many remain.
 */
type PresenceFrame = { type: 'presence'; room: string; joined: string[]; left: string[]; members: number };

const MARK = '{"type":"presence"';
const GATHER_MS = 250;

export const isPresence = (frame: string) => frame.startsWith(MARK);

/** Gathers presence frames of one room, and hands on one for all of them after a quarter of a second. */
export function createPresenceDigest(handOn: (frame: string) => void) {
  const came = new Set<string>();
  const went = new Set<string>();
  let last: PresenceFrame | undefined;

  function flush() {
    const frame = last!;
    last = undefined;
    const digest = { ...frame, joined: [...came], left: [...went] };
    came.clear();
    went.clear();
    if (digest.joined.length + digest.left.length > 0) handOn(JSON.stringify(digest));
  }

  return {
    add(encoded: string) {
      const frame = JSON.parse(encoded) as PresenceFrame;
      // Who came and went, or the other way round, within the moment is no news.
      for (const user of frame.joined) if (!went.delete(user)) came.add(user);
      for (const user of frame.left) if (!came.delete(user)) went.add(user);
      if (last === undefined) setTimeout(flush, GATHER_MS).unref();
      last = frame;
    },
  };
}
