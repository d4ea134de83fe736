import type { Catalog } from '@vectorizer/cluster';
import { Failure } from '@vectorizer/errors';
import type { FastifyRequest } from 'fastify';
import { covers, type Principal } from './principal.ts';
import type { NamePlace, RouteRule } from './route-rules.ts';

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
      const name = nameAt(request, place);
      // What is no name at all is for the route to refuse.
      if (name === undefined) continue;
      const found = await this.#catalog.find(name);
      if (claimed && !covers(principal, name)) throw outside(name);
      if (!covers(principal, found?.name ?? name)) throw outside(name);
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

function nameAt(request: FastifyRequest, place: NamePlace): string | undefined {
  const [part = '', field = ''] = place.split('.');
  const holders: Readonly<Record<string, unknown>> = {
    path: request.params,
    query: request.query,
    body: request.body,
  };
  const text = textIn(holders[part], field);
  return place === 'path.id' ? text?.split('/')[1] : text;
}

/** Own fields only. A name of another type than text is none. */
function textIn(value: unknown, field: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  const found = (value as Readonly<Record<string, unknown>>)[field];
  return typeof found === 'string' && found !== '' ? found : undefined;
}
