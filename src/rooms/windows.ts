/**
 * Gathers the live frames of busy rooms: handing one frame to a member costs about as much as handing on ten. While
 * the gateway is busy, the first frame of a room after quiet still goes at once, and what follows within `windowMs`
 * goes together on the next tick, which all rooms share. A gateway that is not busy hands on every frame at once.
 */
type Options = {
  /** For how long frames may wait; 0 gathers none. */
  windowMs?: number;
  /** Deliveries within one window at which a gateway is busy. */
  busyDeliveries?: number;
};
export type Windows = ReturnType<typeof createWindows>;
/** One room's frames on their way. */
export type Gathering<T> = {
  /** Takes the next one. A patient one waits for the next frame, or the window's end, even after quiet. */
  add(item: T, about: { bytes: number; members: number; patient: boolean }): void;
  /** Hands on what waits, now. */
  flush(): void;
};

const WINDOW_MS = 20;
/** 5,000 deliveries a second: about a twentieth of a core at 9 µs each. */
const BUSY_DELIVERIES = 100;
/** What waits in one room at most; with it the room is handed on at once. */
const MAX_BYTES = 64 * 1024;

export function createWindows({ windowMs = WINDOW_MS, busyDeliveries = BUSY_DELIVERIES }: Options = {}) {
  const load = createLoad(windowMs, busyDeliveries);
  let due: (() => void)[] = [];

  function tick() {
    const now = due;
    due = [];
    for (const handOn of now) handOn();
  }

  return {
    /** The frames of a room; `handOn` gets them in order, one at least. */
    open<T>(handOn: (items: T[]) => void): Gathering<T> {
      let items: T[] = [];
      let bytes = 0;
      let ticking = false;
      let handedOnAt = Number.NEGATIVE_INFINITY;
      const flush = () => {
        if (items.length === 0) return;
        const batch = items;
        items = [];
        bytes = 0;
        handedOnAt = performance.now();
        handOn(batch);
      };
      const onTick = () => {
        ticking = false;
        flush();
      };
      return {
        flush,
        add(item, about) {
          const at = performance.now();
          load.count(at, about.members);
          items.push(item);
          bytes += about.bytes;
          const wait = load.busy() && (about.patient || at - handedOnAt < windowMs) && bytes < MAX_BYTES;
          if (!wait) return flush();
          if (!ticking && due.push(onTick) === 1) setTimeout(tick, windowMs).unref();
          ticking = true;
        },
      };
    },
  };
}

/** Deliveries in this window and the last one; the fuller of both tells. */
function createLoad(windowMs: number, busyDeliveries: number) {
  let startedAt = Number.NEGATIVE_INFINITY;
  let before = 0;
  let now = 0;
  return {
    count(at: number, deliveries: number) {
      const passed = at - startedAt;
      if (passed >= windowMs) {
        before = passed < 2 * windowMs ? now : 0;
        now = 0;
        startedAt = at;
      }
      now += deliveries;
    },
    busy: () => windowMs > 0 && (now >= busyDeliveries || before >= busyDeliveries),
  };
}
