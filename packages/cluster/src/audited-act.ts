import type { AuditEntry } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { AuditLog } from './audit-log.ts';

/** Something that is done, though not by a request to a gateway. Whoever does it as well calls it the same. */
export type Act = Pick<AuditEntry, 'actor' | 'action' | 'target' | 'address'> & { readonly change: string };

const CREATED = 201;

/** Makes something, and writes into the audit log before it that it is begun and after it what came of it. */
export async function auditedAct<T>(
  audit: Pick<AuditLog, 'appendOnce'>,
  act: Act,
  perform: () => Promise<T>,
): Promise<T> {
  const tell = async (result: AuditEntry['result'], status: number): Promise<void> => {
    const at = new Date().toISOString();
    const entry = { at, actor_name: '', count: 1, correlation_id: act.change, ...act, result, status };
    await audit.appendOnce(`${act.change} ${result}`, entry);
  };
  await tell('begun', 0);
  try {
    const made = await perform();
    await tell('ok', CREATED);
    return made;
  } catch (thrown) {
    await tell('failed', Failure.from(thrown).http);
    throw thrown;
  }
}
