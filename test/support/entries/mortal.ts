/** An entry that dies before it is ready. */
process.stderr.write('nothing to live for\n');
process.exitCode = 3;
