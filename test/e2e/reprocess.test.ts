import { describeRuns } from '../support/reprocess/suite.ts';

for (const engine of ['temporal', 'bullmq'] as const) describeRuns({ engine, faults: ['told'] });
