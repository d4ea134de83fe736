import { Case, type Evidence, type Violation } from './evidence.ts';
import { conditionsHold, insertsFindNothing, sessionsGoForward, strongSeesAcknowledged } from './history-rules.ts';
import { nothingIsFromTheFuture, readsAreExplained, strongReadsAreCurrent, tokensGoForward } from './read-rules.ts';
import { boundedReadsAreRecent, gatewaysRemember, refusedCachesArePassedBy } from './recency-rules.ts';
import { replicasAgree } from './replica-rules.ts';
import { acknowledgedIsLogged, logIsFromClients, orderIsReal, outcomesAreExplained } from './write-rules.ts';

const rules = [
  acknowledgedIsLogged,
  outcomesAreExplained,
  logIsFromClients,
  orderIsReal,
  conditionsHold,
  insertsFindNothing,
  sessionsGoForward,
  strongSeesAcknowledged,
  tokensGoForward,
  readsAreExplained,
  strongReadsAreCurrent,
  boundedReadsAreRecent,
  gatewaysRemember,
  refusedCachesArePassedBy,
  nothingIsFromTheFuture,
  replicasAgree,
] as const;

/** Everything in the evidence that must not be; empty when the run kept every promise. */
export function check(evidence: Evidence): Violation[] {
  const prepared = new Case(evidence);
  return rules.flatMap((rule) => [...rule(prepared)]);
}
