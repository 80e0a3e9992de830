/** `npm run client:pack [-- FOLDER]`: packs the client into FOLDER, by default dist/client, and prints where it is. */
import { packClient } from './pack.ts';

process.stdout.write(`${await packClient(process.argv[2] ?? 'dist/client')}\n`);
