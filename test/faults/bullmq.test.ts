/** What takes its time, and is tested on Temporal by `npm test`. */
import { describeErasure } from '../support/erasure/suite.ts';
import { describePayloadKey } from '../support/payload-key-suite.ts';

describePayloadKey('bullmq');
describeErasure('bullmq');
