/** A load driver: a process of its own that does what the benchmark asks of its crowd, one call after the other. */
import { createCrowd } from './crowd.ts';
import type { Call } from './driver.ts';

const crowd = createCrowd();

async function run({ name, args }: Call): Promise<unknown> {
  switch (name) {
    case 'open':
      return await crowd.open(...args);
    case 'send':
      return await crowd.send(...args);
    case 'expect':
      return crowd.expect(...args);
    case 'delivered':
      return crowd.delivered();
    case 'counted':
      return crowd.counted();
    case 'close':
      return crowd.close();
  }
}

process.on('message', (call: Call) => {
  run(call).then(
    value => process.send!({ id: call.id, value }),
    (error: Error) => process.send!({ id: call.id, error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
