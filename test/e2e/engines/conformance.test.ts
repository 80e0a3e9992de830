import { engineCases } from '../../support/engines/cases.ts';
import { conformance } from '../../support/engines/suite.ts';

conformance(engineCases(false).filter(({ quick }) => quick));
