/** An entry that does not accept its configuration. */
process.stderr.write('parley: PORT is high: it must be a whole number from 0 to 65535.\n');
process.exitCode = 78;
