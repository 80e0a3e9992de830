/** What a history says of the machine it was made on. Replays need none of it. */
const OF_THE_MACHINE = new Set(['identity', 'stackTrace', 'binaryChecksum', 'requestId']);

/** A history without stacks, identities and names of queues; what a replay goes by is as it was. */
export function scrubbed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrubbed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !OF_THE_MACHINE.has(key))
      .map(([key, held]) => [key, key === 'taskQueue' ? { name: 'histories' } : scrubbed(held)]),
  );
}
