/** Clients in a process of their own, whose lines are cut at random times of a seeded sequence. */
import { answerCalls } from '../delivery/child.ts';
import { type Cuttable, type Kind, openParley, openSocketIo } from './clients.ts';
import { type Account, createLedger } from './ledger.ts';

export type OpenOptions = {
  kind: Kind;
  urls: string[];
  room: string;
  users: string;
  count: number;
  messages: number;
};
export type CutOptions = { seed: number; everyMs: number };
export type Result = {
  accounts: Account[];
  unrecovered: number;
  /** By number: 1 for a message that any of them was given. */
  given: Uint8Array;
};
export type Call = { id: number } & (
  | { name: 'open'; args: [OpenOptions] }
  | { name: 'cut'; args: [CutOptions] }
  | { name: 'mend' | 'delivered' | 'result' | 'close'; args: [] }
);

const OPEN_AT_ONCE = 20;

function createCuttableCrowd() {
  const clients: { client: Cuttable; ledger: ReturnType<typeof createLedger> }[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let cutting = false;
  let given = new Uint8Array(0);

  return {
    async open({ kind, urls, room, users, count, messages }: OpenOptions) {
      given = new Uint8Array(messages);
      const open = kind === 'parley' ? openParley : openSocketIo;
      const queue = Array.from({ length: count }, (_, i) => i);
      const worker = async () => {
        for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
          const ledger = createLedger(messages);
          const client = await open({ url: urls[i % urls.length]!, room, user: `${users}${i}`, ledger });
          clients.push({ client, ledger });
        }
      };
      await Promise.all(Array.from({ length: OPEN_AT_ONCE }, worker));
    },
    /** Cuts each client again and again, after a random time between half and one and a half of `everyMs`. */
    cut({ seed, everyMs }: CutOptions) {
      cutting = true;
      const random = randomOf(seed);
      for (const { client, ledger } of clients) {
        const plan = () => {
          const timer = setTimeout(
            () => {
              timers.delete(timer);
              if (!cutting) return;
              if (client.cut()) ledger.cut();
              plan();
            },
            (0.5 + random()) * everyMs,
          );
          timers.add(timer);
        };
        plan();
      }
    },
    mend() {
      cutting = false;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
    delivered: () => clients.reduce((sum, { ledger }) => sum + ledger.delivered(), 0),
    result(): Result {
      for (const { ledger } of clients) ledger.markIn(given);
      return {
        accounts: clients.map(({ ledger }) => ledger.account()),
        unrecovered: clients.reduce((sum, { client }) => sum + client.unrecovered(), 0),
        given,
      };
    },
    close() {
      for (const { client } of clients.splice(0)) client.close();
    },
  };
}

/** mulberry32: numbers from 0 to 1, the same ones for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const crowd = createCuttableCrowd();

answerCalls<Call>(({ name, args }) => {
  switch (name) {
    case 'open':
      return crowd.open(...args);
    case 'cut':
      return crowd.cut(...args);
    case 'mend':
      return crowd.mend();
    case 'delivered':
      return crowd.delivered();
    case 'result':
      return crowd.result();
    case 'close':
      return crowd.close();
  }
});
