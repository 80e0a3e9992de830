import { describeErasure } from '../support/erasure/suite.ts';

// On BullMQ: test/faults.
describeErasure('temporal');
