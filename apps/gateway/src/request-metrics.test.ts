import { describe, expect, it } from '@jest/globals';
import { routes, ruleOf } from '@vectorizer/frame';
import { KIND_OF_ROUTE } from './request-metrics.ts';

function isSearch(route: string): boolean {
  const [method = '', pattern = ''] = route.split(' ');
  return /^search(\.|$)/.test(ruleOf(method, pattern)?.action ?? '');
}

describe('the metrics of requests', () => {
  it('count every route that searches, of either interface, and none that does not', () => {
    const searches = routes.filter(isSearch);
    expect(searches.length).toBeGreaterThan(12);
    const counted = [...KIND_OF_ROUTE].filter(([, kind]) => kind === 'search').map(([route]) => route);
    expect(counted.toSorted()).toEqual(searches.toSorted());
  });
});
