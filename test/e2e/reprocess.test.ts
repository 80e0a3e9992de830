import { describeRuns } from '../support/reprocess/suite.ts';

// Workers that die in the midst of a page are in test/faults.
for (const engine of ['temporal', 'bullmq'] as const) describeRuns({ engine, faults: [] });
