import { FAULTS } from '../support/reprocess/faults.ts';
import { describeRuns } from '../support/reprocess/suite.ts';

for (const engine of ['temporal', 'bullmq'] as const) describeRuns({ engine, faults: FAULTS });
