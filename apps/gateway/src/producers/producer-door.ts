import type { Admission, Asked, AuthCallout, Refusal } from '@vectorizer/cluster';
import { EventKind, eventNeeds, publishableSubjects, type AuditEntry } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { FailedAttempts, type Access, type AuditTrail } from '@vectorizer/frame';
import type { Logger } from '@vectorizer/telemetry';

export type ProducerDoorOptions = {
  readonly callout: AuthCallout;
  readonly access: Access;
  readonly trail: AuditTrail;
  readonly logger: Logger;
};

/** Whose certificate opens this door; services have ones of their own, and do not come here. */
const PRODUCER = 'producer';
const ANYBODY = 'open:anybody';
/** After so long a connection is made anew, should nobody be left who remembers to cut it. */
const CONNECTION_MS_MAX = 3_600_000;

/**
 * Lets producers of events into the log servers: without keys whoever has the certificate, with keys whoever brings a good one
 * as well, to the subjects of its scope and roles, each under the key's own id. When a key is revoked, rotated or gone, or one of
 * its roles means something else, its connections are cut.
 */
export class ProducerDoor {
  readonly #options: ProducerDoorOptions;
  readonly #failedAttempts = new FailedAttempts();

  constructor(options: ProducerDoorOptions) {
    this.#options = options;
    const { access, callout } = options;
    let wasOpen = access.hasNoKeys;
    access.keys.onChange(({ key, before, after }) => {
      const isSame = after !== undefined && after.revoked_at === null && after.hash === before?.hash;
      if (before !== undefined && !isSame) void callout.cut(`key:${key}`);
      if (wasOpen && !access.hasNoKeys) void callout.cut(ANYBODY);
      wasOpen = access.hasNoKeys;
    });
    // They come again at once, and may then what they may now.
    access.roles.onChange((role) => {
      for (const { id, roles } of access.keys.list()) if (roles.includes(role)) void callout.cut(`key:${id}`);
    });
    callout.serve({
      decide: (asked) => this.#decide(asked),
      told: (asked, decision) => this.#tell(asked, decision),
    });
  }

  #decide(asked: Asked): Admission | Refusal {
    try {
      return this.#admit(asked);
    } catch (error) {
      return { refused: Failure.from(error).message };
    }
  }

  #admit({ commonName, credential }: Asked): Admission | Refusal {
    const { access } = this.#options;
    if (commonName !== PRODUCER) return { refused: 'the certificate is for nothing here' };
    const nowMs = Date.now();
    const untilMs = nowMs + CONNECTION_MS_MAX;
    if (access.hasNoKeys) {
      return { who: ANYBODY, publish: ['vectorizer.events.>'], inbox: '_INBOX.producer', untilMs };
    }
    const record = credential === undefined ? undefined : access.keys.find(credential, nowMs);
    if (record === undefined) return { refused: 'a good key is needed' };
    const { id, events, permissions, goodUntilMs } = access.authenticator.principalOf(record);
    const kinds = EventKind.options.filter((kind) => eventNeeds[kind].every((needed) => permissions.has(needed)));
    const publish = publishableSubjects(events, kinds, id);
    if (publish.length === 0) return { refused: 'the key is for no events' };
    // It may be the former of a rotation, which is good for the grace time only.
    const graceMs = record.previous === null ? Number.POSITIVE_INFINITY : Date.parse(record.previous.until);
    const endMs = Math.min(untilMs, goodUntilMs, graceMs > nowMs ? graceMs : Number.POSITIVE_INFINITY);
    return { who: `key:${id}`, publish, inbox: `_INBOX.${id}`, untilMs: endMs };
  }

  #tell({ address }: Asked, decision: Admission | Refusal): void {
    const { access, trail, logger } = this.#options;
    const isRefused = 'refused' in decision;
    if (isRefused) logger.warn({ address, reason: decision.refused }, 'a producer was not let in');
    // As over HTTP: nobody floods the log by guessing, and where nobody has a name nothing is written.
    if (isRefused ? this.#failedAttempts.note(address, performance.now()) > 0 : decision.who === ANYBODY) return;
    trail.add(entryOf({ address, who: isRefused ? 'unknown' : decision.who, isRefused }, access));
  }
}

type Came = { readonly address: string; readonly who: string; readonly isRefused: boolean };

function entryOf({ address, who, isRefused }: Came, access: Access): AuditEntry {
  return {
    at: new Date().toISOString(),
    actor: who,
    actor_name: access.keys.list().find(({ id }) => who === `key:${id}`)?.name ?? '',
    action: 'authenticate',
    target: 'vectorizer.events',
    result: isRefused ? 'refused' : 'ok',
    status: isRefused ? 401 : 200,
    count: 1,
    address,
    correlation_id: '',
  };
}
