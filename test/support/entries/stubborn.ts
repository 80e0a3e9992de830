/** A process that hears no SIGTERM; says so when it has begun. */
process.on('SIGTERM', () => undefined);
setInterval(() => undefined, 1_000);
process.send?.('deaf');
