import { describePayloadKey } from '../support/payload-key-suite.ts';

// On BullMQ: test/faults.
describePayloadKey('temporal');
