import type { DialectName } from './dialects.ts';

/** A service under test that runs: two servers of it behind one Redis. */
export type Running = {
  /** One for each server. */
  urls: string[];
  /** Its processes: what clients talk to, and what works on messages beside that. */
  pids: { servers: number[]; redis: number[]; pipeline: number[] };
  /** Resolves when nothing is left to do for the messages of this room that were acknowledged. */
  settled?(room: string, messages: number): Promise<void>;
  close(): Promise<void>;
};

export type Contender = {
  name: string;
  dialect: DialectName;
  /** What it runs with, for the reader of the figures. */
  settings: string[];
  /** Throws where it cannot be had on this machine. */
  start(): Promise<Running>;
};
