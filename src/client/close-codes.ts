/** What a close code asks of the client (protocol, section 5). Pure. */
export type Reconnect = {
  /** Wait at least this long before the backoff's own delay. */
  floorMs: number;
  /** Ask for a new token first. */
  freshToken: boolean;
};

/** After a frame that the server refused outright, the same frame at once would be refused again. */
const REFUSED_FLOOR_MS = 5_000;

/** How to come back after a close; `drainMs` is what a `draining` frame asked for, if one came. */
export function reconnectAfter(code: number, drainMs = 0): Reconnect {
  switch (code) {
    case 1001:
      return { floorMs: drainMs, freshToken: false };
    case 1002:
    case 1003:
    case 1007:
    case 1008:
    case 1009:
    case 4008:
      return { floorMs: REFUSED_FLOOR_MS, freshToken: false };
    case 4001:
    case 4003:
      return { floorMs: 0, freshToken: true };
    default:
      return { floorMs: 0, freshToken: false };
  }
}
