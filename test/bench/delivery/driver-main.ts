/** A load driver: a process of its own that does what the benchmark asks of its crowd. */
import { answerCalls } from './child.ts';
import { createCrowd } from './crowd.ts';
import type { Call } from './driver.ts';

const crowd = createCrowd();

answerCalls<Call>(({ name, args }) => {
  switch (name) {
    case 'open':
      return crowd.open(...args);
    case 'send':
      return crowd.send(...args);
    case 'expect':
      return crowd.expect(...args);
    case 'delivered':
      return crowd.delivered();
    case 'counted':
      return crowd.counted();
    case 'close':
      return crowd.close();
  }
});
