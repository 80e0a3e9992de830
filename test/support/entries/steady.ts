/** An entry that says it is ready, and lives until its channel closes. */
process.send?.({ ready: true, address: 'http://127.0.0.1:1' });
process.on('disconnect', () => process.exit(0));
