import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { SCHEMA_VERSION } from '../message.ts';
import { LAYOUT_KEY, partitionKeys } from './keys.ts';
import type { Scripts } from './scripts.ts';

export type Epoch = { epoch: string; base: number };

/** The lasting record of epochs: tells a log that was lost from one that never was. */
export type EpochStore = {
  openPartition(
    partition: number,
    partitions: number,
    newEpoch: () => string,
    /** Writes Redis; answers what stands there, which another process may have written before. */
    install: (epoch: Epoch) => Promise<Epoch>,
  ): Promise<Epoch & { lost: boolean }>;
  record(epoch: {
    partition: number;
    epoch: string;
    base: number;
    reason: string;
    room?: string;
  }): Promise<void>;
  /** The highest id stored of a room, 0 if none. */
  lastStored(room: string): Promise<number>;
};

export type Partitions = {
  /** Checks, or writes, the number of partitions. Throws when Redis was laid out with another. */
  checkLayout(): Promise<void>;
  /** Gives a partition without an epoch its epoch: at 0 the first time, above every offset ever given after a loss. */
  open(partition: number): Promise<void>;
};

/** A new epoch's name: opaque to clients. */
export const newEpoch = () => randomBytes(9).toString('base64url');
/** Above every offset that can ever have been given: offsets grow by far less than one a microsecond. */
export const baseNow = () => Date.now() * 1_000;

const RECORD_RETRY_MS = 2_000;

type Deps = { redis: Redis; scripts: Scripts; epochs: EpochStore; logger: Logger; count: number };

export function createPartitions({ redis, scripts, epochs, logger, count }: Deps): Partitions {
  const opening = new Map<number, Promise<void>>();

  async function install(partition: number, { epoch, base }: Epoch): Promise<Epoch> {
    const reply = await scripts.run('open-partition', [partitionKeys(partition).partition], [epoch, base]);
    const [standing, at] = reply as string[];
    return { epoch: standing!, base: Number(at) };
  }

  async function openOnce(partition: number) {
    try {
      const opened = await epochs.openPartition(partition, count, newEpoch, epoch =>
        install(partition, epoch),
      );
      if (opened.lost) {
        logger.error(
          { partition, epoch: opened.epoch },
          'the log of this partition was lost: a new epoch begins',
        );
      }
    } catch (error) {
      if (error instanceof Error && error.name === 'LayoutMismatch') throw error;
      // Without the record nobody can tell whether ids were given before: begin above all of them.
      logger.warn(
        { partition, error },
        'the record of epochs does not answer: beginning above every id ever given',
      );
      recordLater(partition, await install(partition, { epoch: newEpoch(), base: baseNow() }));
    }
  }

  /** Tries until the record answers; a process that ends before leaves a gap in the record, never an id used twice. */
  function recordLater(partition: number, epoch: Epoch) {
    const timer = setTimeout(() => {
      epochs.record({ partition, ...epoch, reason: 'unrecorded' }).catch(() => recordLater(partition, epoch));
    }, RECORD_RETRY_MS);
    timer.unref();
  }

  return {
    async checkLayout() {
      const wanted = `partitions=${count};schema=${SCHEMA_VERSION}`;
      await redis.set(LAYOUT_KEY, wanted, 'NX');
      const found = await redis.get(LAYOUT_KEY);
      if (found !== wanted) {
        throw new Error(
          `ROOM_PARTITIONS: this Redis was laid out with ${found}, this process wants ${wanted}.`,
        );
      }
    },
    open(partition) {
      let running = opening.get(partition);
      if (running === undefined) {
        running = openOnce(partition).finally(() => opening.delete(partition));
        opening.set(partition, running);
      }
      return running;
    },
  };
}
