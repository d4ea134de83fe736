import type { TakenEvent } from '@vectorizer/cluster';
import {
  eventNeeds,
  KeyId,
  matchesSubject,
  scopedSubject,
  targetOf,
  type CollectionRecord,
  type StoredEvent,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { covers, type Access, type Principal } from '@vectorizer/frame';

/** Who published an event, as the audit log names them. */
export type Author = { readonly actor: string; readonly actorName: string; readonly principal: Principal | undefined };
const NOBODY: Author = { actor: 'unknown', actorName: '', principal: undefined };

export type AuthorsOptions = {
  readonly access: Access;
  /** Whether the log servers know producers by their keys, and let each name none but its own. */
  readonly knowsProducers: boolean;
};

/**
 * Whose events are written. The log servers let a producer publish under its own key's id only; here it is seen that the key is
 * good when the event is written, and is for that.
 */
export class EventAuthors {
  readonly #options: AuthorsOptions;

  constructor(options: AuthorsOptions) {
    this.#options = options;
  }

  /** Whether nobody has a name, so that nothing is to be written down. */
  get isOpen(): boolean {
    return this.#options.access.hasNoKeys;
  }

  /** As far as the subject tells. */
  claimed({ subject }: Pick<StoredEvent, 'subject'>): string {
    const { key } = targetOf(subject);
    if (key !== undefined) return `key:${key}`;
    return this.isOpen ? 'open:anybody' : NOBODY.actor;
  }

  /** Throws `authentication_error` when nobody good is named, `authorization_error` when it is not for them. */
  check({ subject }: TakenEvent): Author {
    const target = targetOf(subject);
    const { access, knowsProducers } = this.#options;
    if (target.key === undefined) {
      if (this.isOpen || !knowsProducers) return { ...NOBODY, actor: this.claimed({ subject }) };
      throw new Failure('authentication_error', 'with keys, the subject of an event ends in the id of one');
    }
    const nowMs = Date.now();
    const id = KeyId.safeParse(target.key).data;
    const record = id === undefined ? undefined : access.keys.findById(id, nowMs);
    if (record === undefined) throw new Failure('authentication_error', 'the key of the event is not good');
    access.usage.count(record.id, nowMs);
    const principal = access.authenticator.principalOf(record);
    const wanted = scopedSubject(target);
    if (!principal.events.some((pattern) => matchesSubject(pattern, wanted))) {
      throw new Failure('authorization_error', `${wanted} is outside the scope of the key`);
    }
    const lacking = eventNeeds[target.kind].find((needed) => !principal.permissions.has(needed));
    if (lacking !== undefined) {
      throw new Failure('authorization_error', `the key has no role with ${lacking}`, {
        details: { permission: lacking },
      });
    }
    return { actor: `key:${record.id}`, actorName: record.name, principal };
  }
}

/** By the collection's own name, as over HTTP. */
export function checkCovers({ principal }: Author, name: string, record: CollectionRecord | undefined): void {
  const collection = record?.name ?? name;
  if (principal === undefined || covers(principal, collection)) return;
  throw new Failure('authorization_error', `collection ${name} is outside the scope of the key`, {
    details: { collection: name },
  });
}
