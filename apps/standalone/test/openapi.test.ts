import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CollectionUid } from '@vectorizer/contracts';
import { DescribedSystem } from './described.ts';
import { askEverything } from './every-operation.ts';
import { firstEvents } from './first-events.ts';
import { askWithBadBodies, nothing, refusedRequests } from './refused-requests.ts';

type Content = Readonly<Record<string, { readonly $ref: string }>>;
const ONCE = { per_s: 0.001, burst: 1 };
const NOT_READ = ['malformed_body', 'malformed_body', 'unsupported_media_type', 'unsupported_media_type'];
/** They take whatever query comes. */
const WITHOUT_QUERY = /^GET (\/replication\/|\/metrics$)/;

describe('the description of the API, held against a whole system', () => {
  let system: DescribedSystem;
  const routes = (): string[] => [...system.api.operations.keys()];
  const eventsOf = (route: string): Content | undefined => {
    const content = system.api.operations.get(route)?.responses['200']?.['content'];
    return (content as Record<string, { 'x-event-data'?: Content }> | undefined)?.['text/event-stream']?.[
      'x-event-data'
    ];
  };
  const guarded = (): string[] =>
    routes().filter((route) => JSON.stringify(system.api.operations.get(route)?.['security']) !== '[]');
  const ended = (): string[] => guarded().filter((route) => eventsOf(route) === undefined);

  beforeAll(async () => {
    system = await DescribedSystem.start();
  });
  afterAll(async () => system[Symbol.asyncDispose]());

  it('fits what every operation answers when all is well, each status of it', async () => {
    await askEverything(system);
    expect(system.faults).toEqual([]);
    const unseen = routes()
      .filter((route) => eventsOf(route) === undefined)
      .flatMap((route) =>
        Object.keys(system.api.operations.get(route)?.responses ?? {})
          .filter((status) => Number(status) < 300 && system.seen.get(route)?.has(status) !== true)
          .map((status) => `${route}: ${status}`),
      );
    expect(unseen).toEqual([]);
  });

  it('fits the streams and the data of their events', async () => {
    const { url } = await system.cluster.app.listen();
    const follow = 'GET /api/v1/collections/:collection/changes';
    const asked = [
      { route: follow, path: '/api/v1/collections/books/changes?from=start&with_vector=true', count: 3 },
      { route: follow, path: '/api/v1/collections/books/changes?from=0', count: 12 },
      {
        route: follow.replace('GET', 'POST'),
        path: '/api/v1/collections/books/changes',
        body: { near: { vector: [0.1, 0.9, 0.2], k: 3 } },
        count: 2,
      },
      { route: 'GET /api/v1/replication/events', path: '/api/v1/replication/events?after=0', count: 3 },
      { route: 'GET /api/v1/dashboard/stream', path: '/api/v1/dashboard/stream', count: 1 },
    ];
    expect(
      routes().filter((route) => eventsOf(route) !== undefined && !asked.some((each) => each.route === route)),
    ).toEqual([]);
    const names = new Set<string>();
    for (const { route, path, body, count } of asked) {
      for (const { name, data } of await firstEvents(`${url}${path}`, { key: system.key, count, body })) {
        names.add(name);
        const misfit = system.api.misfit(eventsOf(route)?.[name]?.$ref ?? `#/no event ${name}`, data);
        expect([route, name, misfit]).toEqual([route, name, undefined]);
      }
    }
    for (const name of ['position', 'points', 'caught-up', 'change', 'members', 'placed', 'sample'])
      expect(names).toContain(name);
  });

  it('has what every operation answers to whoever has no key, one that is not for it, or one that is used up', async () => {
    const narrow = await system.makeKey({ collections: [], roles: ['viewer'] });
    const scarce = await system.makeKey({ rate: { tier: 'default', read: ONCE, write: ONCE } });
    for (const route of guarded()) {
      expect([route, (await system.ask(route, { key: null })).type]).toEqual([route, 'authentication_error']);
    }
    for (const route of ended()) {
      const body = system.exampleOf(route);
      await system.ask(route, { key: narrow, body, query: 'collection=books' });
      await system.ask(route, { key: scarce, body });
    }
    expect(system.faults).toEqual([]);
  });

  it('has what is refused: what is not there, not understood, or not of the form that it is to be', async () => {
    for (const route of ended()) {
      const body = system.exampleOf(route);
      if (route.includes(':')) await system.ask(route, { path: nothing, body, query: system.neededQueryOf(route) });
      const types = body === undefined ? NOT_READ : await askWithBadBodies(system, route);
      expect([route, ...types.slice(0, NOT_READ.length)]).toEqual([route, ...NOT_READ]);
      if (WITHOUT_QUERY.test(route)) continue;
      const { type, text } = await system.ask(route, { ...system.emptyBodyOf(route), body, query: 'unheard-of=1' });
      expect([route, type, text.includes('unheard-of')]).toEqual([route, 'validation_error', true]);
    }
    const { body } = await system.ask('GET /api/v1/collections/:collection', { path: { collection: 'books' } });
    for (const [route, asked, type] of refusedRequests(body['uid'] as CollectionUid)) {
      expect([route, asked.body, (await system.ask(route, asked)).type]).toEqual([route, asked.body, type]);
    }
    expect(system.faults).toEqual([]);
  });
});
