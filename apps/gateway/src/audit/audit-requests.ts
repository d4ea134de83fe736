import type { AuditEntry } from '@vectorizer/contracts';
import { addressOf, askerOf, ruleOf, type AuditTrail, type RouteRule } from '@vectorizer/frame';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { itemsIn } from '../limits/limit-requests.ts';
import { Acts } from './acts.ts';
import { changeOf, noteAuthorship } from './authorship.ts';
import { Authentications } from './authentications.ts';

export type AuditSettings = {
  /** Whether changes of data are written, too. */
  readonly changes: boolean;
};

type Asked = { readonly request: FastifyRequest; readonly rule: RouteRule };
type Done = Asked & { readonly status: number };

/**
 * Writes of every request what belongs in the audit log: that somebody came with a good key or without one, what they were
 * kept from, what they administered, and what they changed. An administrative act has two entries, of which the first is durable
 * before it is begun and the second before it is answered: nothing else would tell of it if this process ended between the two. Of
 * a change the entry follows within milliseconds. Where there are no keys, only acts are written: nobody has a name there.
 */
export function auditRequests(fastify: FastifyInstance, trail: AuditTrail, { changes }: AuditSettings): void {
  const authentications = new Authentications<AuditEntry>();
  const tell = (seen: ReturnType<typeof authentications.note>): void => {
    for (const { of, count } of seen) trail.add({ ...of, count });
  };
  const acts = new Acts(trail);
  fastify.addHook('preHandler', (request, _reply, done) => {
    const rule = ruleFor(request);
    const asker = askerOf(request);
    if (rule === undefined || rule.effect === 'read' || asker === undefined) return done();
    trail.checkRoom();
    if (rule.effect === 'admin')
      return void acts.begin(request, entryBefore({ request, rule }, 'begun')).then(() => done(), done);
    if (changes && asker.kind !== 'open') noteAuthorship(request, entryBefore({ request, rule }, 'unanswered'));
    done();
  });
  fastify.addHook('onSend', async (request, reply) => {
    const rule = ruleFor(request);
    if (rule === undefined || rule.needs === 'public') return;
    const done = { request, rule, status: reply.statusCode };
    const asker = askerOf(request);
    if (asker !== undefined && asker.kind !== 'open') {
      const address = addressOf(request);
      const entry = entryOf(done, { action: 'authenticate', result: 'ok', target: address, status: 200 });
      tell(authentications.note(`${asker.kind}:${asker.id} ${address}`, entry, performance.now()));
    }
    const entry = entryFor(done, reply);
    if (entry === undefined || (rule.effect === 'write' && entry.result !== 'refused' && !changes)) return;
    trail.add(entry);
    if (acts.wasBegun(request)) await trail.durable();
  });
  fastify.addHook('onClose', async () => {
    tell(authentications.rest());
    await trail.close();
  });
}

function ruleFor(request: FastifyRequest): RouteRule | undefined {
  return request.is404 ? undefined : ruleOf(request.method, request.routeOptions.url ?? '');
}

/** Undefined for what is of no interest: reads that were allowed. */
function entryFor(done: Done, reply: FastifyReply): AuditEntry | undefined {
  const { request, rule, status } = done;
  const asker = askerOf(request);
  const target = targetOf(request, reply);
  if (asker === undefined) {
    // Beyond the rate of bad credentials they are counted, and not written one by one.
    return status === 401 ? entryOf(done, { action: 'authenticate', result: 'refused', target, status }) : undefined;
  }
  if (status === 403) return entryOf(done, { action: rule.action, result: 'refused', target, status });
  // What is over a rate was not done; to write each down would be work for whoever makes it.
  const isAct = rule.effect === 'admin' || (rule.effect === 'write' && asker.kind !== 'open');
  if (!isAct || status === 429) return undefined;
  const result = status < 400 ? 'ok' : 'failed';
  return entryOf(done, { action: rule.action, result, target, status });
}

/** What is about to be done: what becomes of it is told by the entry that comes with its answer. */
function entryBefore({ request, rule }: Asked, result: 'begun' | 'unanswered'): AuditEntry {
  const target = pathOf(request);
  return entryOf({ request, rule, status: 0 }, { action: rule.action, result, target, status: 0 });
}

type What = Pick<AuditEntry, 'action' | 'result' | 'target' | 'status'>;

function entryOf({ request, rule }: Done, what: What): AuditEntry {
  const asker = askerOf(request);
  const items = what.action === 'authenticate' ? undefined : rule.items;
  const change = changeOf(request);
  return {
    at: new Date().toISOString(),
    actor: asker === undefined ? 'unknown' : `${asker.kind}:${asker.id}`,
    actor_name: asker?.name ?? '',
    ...what,
    count: items === undefined ? 1 : itemsIn(request.body, items),
    address: addressOf(request),
    correlation_id: request.id,
    ...(what.action === 'authenticate' || change === undefined ? {} : { change }),
  };
}

const TARGET_CHARACTERS_MAX = 512;

/** Of what was made, where it is now. Never the query: somebody may have put a key there. */
function targetOf(request: FastifyRequest, reply: FastifyReply): string {
  const made = reply.getHeader('location');
  return typeof made === 'string' ? made.slice(0, TARGET_CHARACTERS_MAX) : pathOf(request);
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?', 1)[0] ?? '').slice(0, TARGET_CHARACTERS_MAX);
}
