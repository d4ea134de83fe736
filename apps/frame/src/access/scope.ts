import type { Catalog } from '@vectorizer/cluster';
import { CollectionName, limits } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { FastifyRequest } from 'fastify';
import { fieldOf } from './field-of.ts';
import { covers, type Principal } from './principal.ts';
import type { NamePlace, RouteRule } from './rule.ts';

type Names = Pick<Catalog, 'find'>;

/**
 * Whether what a request is about lies within the scope of who asks: by the collection's own name, so that an alias gives
 * nobody more than they have. What is outside is answered with 403 whether it exists or not, so that the answer does not tell.
 */
export class Scope {
  readonly #catalog: Names;

  constructor(catalog: Names) {
    this.#catalog = catalog;
  }

  /** Undefined when there was nothing to be looked up. Names in the body are left to `checkBody`. */
  check(request: FastifyRequest, principal: Principal, rule: RouteRule): Promise<void> | undefined {
    if (rule.whole && !isEverything(principal)) {
      throw new Failure('authorization_error', 'this is about every collection, and the scope of the key is narrower');
    }
    const places = placesOf(rule, (place) => !place.startsWith('body.'));
    return this.#check(request, principal, places);
  }

  checkBody(request: FastifyRequest, principal: Principal, rule: RouteRule): Promise<void> | undefined {
    return this.#check(
      request,
      principal,
      placesOf(rule, (place) => place.startsWith('body.')),
    );
  }

  #check(request: FastifyRequest, principal: Principal, places: Places): Promise<void> | undefined {
    if (isEverything(principal) || places.length === 0) return undefined;
    return this.#lookUp(request, principal, places);
  }

  async #lookUp(request: FastifyRequest, principal: Principal, places: Places): Promise<void> {
    for (const { place, claimed } of places) {
      // What is no name at all is for the route to refuse.
      for (const name of namesAt(request, place)) {
        const named = CollectionName.safeParse(name);
        const found = named.success ? await this.#catalog.find(named.data) : undefined;
        if (claimed && !covers(principal, name)) throw outside(name);
        if (!covers(principal, found?.name ?? name)) throw outside(name);
      }
    }
  }
}

type Places = readonly { readonly place: NamePlace; readonly claimed: boolean }[];

function placesOf({ names, claims }: RouteRule, wanted: (place: NamePlace) => boolean): Places {
  return [
    ...names.filter(wanted).map((place) => ({ place, claimed: false })),
    ...claims.filter(wanted).map((place) => ({ place, claimed: true })),
  ];
}

function isEverything({ collections }: Principal): boolean {
  return collections.includes('*');
}

function outside(collection: string): Failure {
  const details = { details: { collection } };
  return new Failure('authorization_error', `collection ${collection} is outside the scope of the key`, details);
}

function namesAt(request: FastifyRequest, place: NamePlace): readonly string[] {
  if (place === 'body.actions' || place === 'body.new-aliases') return namesInActions(request.body, place);
  const [part = '', field = ''] = place.split('.');
  const holders: Readonly<Record<string, unknown>> = {
    path: request.params,
    query: request.query,
    body: request.body,
  };
  const found = fieldOf(holders[part], field);
  // Of a list that is longer than any route takes, no more is looked up: it is refused whatever the rest says.
  const names = place === 'body.collections' ? listOf(found).slice(0, limits.searchCollectionsMax) : [found];
  const texts = names.filter((name) => typeof name === 'string' && name !== '') as string[];
  return place === 'path.id' ? texts.flatMap((text) => text.split('/')[1] ?? []) : texts;
}

/** Where a list of changes to aliases, as Qdrant's clients send it, has what is there, and what is to be. */
const IN_ACTIONS = {
  'body.actions': ['create_alias.collection_name', 'delete_alias.alias_name', 'rename_alias.old_alias_name'],
  'body.new-aliases': ['create_alias.alias_name', 'rename_alias.new_alias_name'],
} as const;

function namesInActions(body: unknown, place: keyof typeof IN_ACTIONS): readonly string[] {
  const actions = listOf(fieldOf(body, 'actions')).slice(0, limits.aliasActionsMax);
  return actions.flatMap((action) =>
    IN_ACTIONS[place].flatMap((path) => {
      const [kind = '', field = ''] = path.split('.');
      const name = fieldOf(fieldOf(action, kind), field);
      return typeof name === 'string' && name !== '' ? [name] : [];
    }),
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
