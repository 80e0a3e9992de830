import { crc32 } from 'node:zlib';

/** Names of the keys of one room; all carry the hash tag of its partition (LOG.md). */
export type RoomKeys = ReturnType<typeof roomKeys>;

export const LAYOUT_KEY = 'parley:layout';

/** The partition of a room, 0 .. partitions - 1. */
export function partitionOf(room: string, partitions: number): number {
  return crc32(room) % partitions;
}

export function partitionKeys(partition: number) {
  const prefix = `parley:{p${partition}}`;
  return {
    partition: `${prefix}:partition`,
    rooms: `${prefix}:rooms`,
    intake: `${prefix}:intake`,
    gates: `${prefix}:gates`,
  };
}

export function roomKeys(room: string, partitions: number) {
  const number = partitionOf(room, partitions);
  const prefix = `parley:{p${number}}`;
  const own = `${prefix}:room:${room}`;
  return {
    number,
    ...partitionKeys(number),
    meta: `${own}:meta`,
    log: `${own}:log`,
    state: `${own}:state`,
    open: `${own}:open`,
    page: `${own}:page`,
    here: `${own}:here`,
    hereConnections: `${own}:here:connections`,
    hereUsers: `${own}:here:users`,
    read: `${own}:read`,
    owed: `${own}:owed`,
    dedup: (user: string, clientId: string) => `${own}:dedup:${user}:${clientId}`,
    told: (batch: string) => `${own}:told:${batch}`,
    channel: `${prefix}:live:${room}`,
  };
}

/** The room of a live channel. */
export function roomOfChannel(channel: string): string {
  return channel.slice(channel.indexOf('}:live:') + '}:live:'.length);
}
