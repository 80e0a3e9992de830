import { engineCases } from '../support/engines/cases.ts';
import { conformance } from '../support/engines/suite.ts';

/** All cases; what is down stays down for a minute. About 13 minutes. */
conformance(engineCases(true));
