import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { startSystem, type System } from '../system/system.ts';
import { barriers } from './axe.ts';
import { openPage, startBrowser } from './browser.ts';
import { fill } from './library.ts';

const POINTS = 600;
/** Two shards on each of three nodes. */
const REPLICAS = 6;
/** A node that is down is to be seen so within seconds, every read is slow, and every request leaves a line. */
const SETTINGS = {
  VECTORIZER_DISCONNECTED_AFTER_MS: '2000',
  VECTORIZER_SLOW_QUERY_MS: '0',
  VECTORIZER_LOG_LEVEL: 'debug',
};

let system: System;
let browser: Browser;

beforeAll(async () => {
  system = await startSystem({ nodes: 3, shards: 2, replicas: 3 }, SETTINGS);
  await fill(system.client, 'films', POINTS);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await system?.[Symbol.asyncDispose]();
});

describe('the dashboard', () => {
  it('shows where each replica of a live cluster is, how it is, and that the replicas agree', async () => {
    await using opened = await openPage(browser, system.url);
    const { page, faults } = opened;
    await replicas(page, 'Connected')
      .nth(REPLICAS - 1)
      .waitFor();
    expect(await replicas(page, 'Connected').count()).toBe(REPLICAS);
    expect(await page.getByRole('rowheader', { name: /^node-/ }).count()).toBe(3);
    await page
      .getByRole('cell', { name: /3 of 3 agree/ })
      .nth(1)
      .waitFor();
    const films = page.getByRole('row', { name: /^films/ });
    await films.getByRole('cell', { name: '600', exact: true }).first().waitFor();
    expect(await films.textContent()).toContain('32 · cosine');
    await page.getByRole('banner').getByText('Healthy').waitFor();
    expect(faults).toEqual([]);
  });

  it('shows what each tier of the query cache does', async () => {
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    const caches = page.getByRole('region', { name: 'Query cache' });
    await caches.getByRole('row', { name: /^Redis/ }).waitFor();
    const { vector } = await system.client.getOne('films', 'work-1');
    const seen = new AbortController();
    const asking = (async () => {
      while (!seen.signal.aborted) await system.client.search('films', { vector: vector ?? [], k: 3 });
    })();
    // Until the first search is a second ago, which had to be computed.
    const row = caches.getByRole('row', { name: /^Memory 100 % \d[\d.,]* \/s 0 \/s/ });
    await row.waitFor().finally(() => seen.abort());
    await asking;
    expect(await caches.getByRole('columnheader').allTextContents()).toContain('Evictions');
  });

  it('shows a node that is killed, and that it is back', async () => {
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    await replicas(page, 'Connected')
      .nth(REPLICAS - 1)
      .waitFor();
    const { host } = new URL((await system.process('index-2')).url);
    const row = page.getByRole('row', { name: new RegExp(host) });
    await system.kill('index-2', 'hold');
    await row
      .getByRole('cell', { name: /^Disconnected/ })
      .nth(1)
      .waitFor();
    expect(await replicas(page, 'Connected').count()).toBe(REPLICAS - 2);
    const changes = page.getByRole('region', { name: 'Changes' });
    await changes
      .getByText(/^Connected → Disconnected/)
      .first()
      .waitFor();
    await system.start('index-2');
    await changes
      .getByText(/→ Connected$/)
      .nth(1)
      .waitFor({ timeout: 60_000 });
    expect(await replicas(page, 'Connected').count()).toBe(REPLICAS);
  });

  it('says when it hears nothing any more, and goes on when it does again', async () => {
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    const connection = page.getByRole('banner').getByRole('status');
    await connection.filter({ hasText: 'Live' }).waitFor();
    await system.kill('gateway-1', 'hold');
    await connection.filter({ hasText: 'Connection lost' }).waitFor();
    // What was known last is still there, and can still be read.
    await page.getByText(/^This is what was known at/).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await replicas(page, 'Connected').count()).toBe(REPLICAS);
    await system.start('gateway-1');
    await connection.filter({ hasText: 'Live' }).waitFor({ timeout: 60_000 });
    expect(await replicas(page, 'Connected').count()).toBe(REPLICAS);
  });
});

describe('the search console', () => {
  it('finds the points near another one, and says what it asked', async () => {
    await using opened = await openPage(browser, system.url);
    const { page, faults } = opened;
    await page.getByRole('link', { name: 'films' }).click();
    await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
    await page.getByLabel('Point id').fill('work-3');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('10 hits.').waitFor();
    const first = page.getByRole('row', { name: /work-3/ }).first();
    expect(await first.getByRole('cell').first().textContent()).toBe('1');
    expect(await page.getByRole('group', { name: 'The command' }).textContent()).toContain('/films/vectors/work-3?');
    for (const stage of ['plan', 'shards', 'search', 'merge', 'gateway and network']) {
      expect(await page.getByRole('rowheader', { name: new RegExp(`^${stage}`) }).count()).toBe(1);
    }
    expect(faults).toEqual([]);
  });

  it('finds by a vector and a filter what the API finds', async () => {
    const filter = { must: [{ key: 'genre', match: { value: 'poetry' } }] };
    const { vector } = await system.client.getOne('films', 'work-5');
    const { hits } = await system.client.search('films', { vector: vector ?? [], k: 5, filter });
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByRole('combobox', { name: 'Collection' }).selectOption('films');
    await page.getByLabel('a vector').check();
    await page.getByRole('textbox', { name: /^Vector/ }).fill(JSON.stringify(Array.from(vector ?? [])));
    await page.getByLabel('Filter').fill(JSON.stringify(filter));
    await page.getByLabel('Hits').fill('5');
    await page.keyboard.press('Enter');
    await page.getByText('5 hits.').waitFor();
    const found = await page.getByRole('region', { name: 'Hits' }).getByRole('rowheader').allTextContents();
    expect(found).toEqual(hits.map(({ id }) => id));
    expect(await page.getByText(/payload fields without an index/).count()).toBe(1);
  });

  it('says at the field what is wrong with it, and shows what the API refuses', async () => {
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    await page.getByRole('link', { name: 'films' }).click();
    await page.getByLabel('a vector').check();
    await page.getByRole('textbox', { name: /^Vector/ }).fill('1, 2');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('The collection has 32 dimensions; these are 2.').waitFor();
    expect(await page.getByRole('textbox', { name: /^Vector/ }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('a point').check();
    await page.getByLabel('Point id').fill('nobody');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toContain('vector_not_found');
  });
});

describe('the explorer of the API', () => {
  it('shows every operation, calls one, and asks nothing of anybody else', async () => {
    const { paths } = (await (await fetch(`${system.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.values(paths).reduce((sum, path) => sum + Object.keys(path).length, 0);
    await using opened = await openPage(browser, `${system.url}/docs/`, { colorScheme: 'dark' });
    const { page, faults } = opened;
    await page
      .locator('.opblock')
      .nth(operations - 1)
      .waitFor();
    expect(await page.locator('.opblock').count()).toBe(operations);
    const count = page.locator('#operations-Points-countPoints');
    await count.getByRole('button').first().click();
    await count.getByPlaceholder('collection').fill('films');
    await count.getByRole('textbox', { name: 'Request body' }).or(count.locator('.body-param textarea')).fill('{}');
    await count.getByRole('button', { name: 'Execute' }).click();
    const answer = count.locator('.live-responses-table');
    await answer.getByText('"count"').first().waitFor();
    expect(await answer.textContent()).toMatch(/200[^]*"count": 600/);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.getByRole('heading', { name: 'Available authorizations' }).waitFor();
    expect(faults).toEqual([]);
  });
});

describe('what a slow read leads to', () => {
  it('is its stages and parameters, and every line about it in every process', async () => {
    const correlation = 'slow-read-of-a-test';
    await fetch(`${system.url}/api/v1/collections/films/vectors/work-1`, {
      headers: { 'x-correlation-id': correlation },
    });
    await using opened = await openPage(browser, system.url);
    const { page, faults } = opened;
    await page.getByRole('link', { name: 'Slow queries' }).click();
    const slow = page.getByRole('row', { name: new RegExp(correlation) });
    await slow.waitFor();
    expect(await slow.textContent()).toMatch(/films.*read.*shards/);
    await slow.getByRole('link').click();
    const lines = page.getByRole('group', { name: 'Lines of the request' });
    await lines
      .getByRole('row', { name: /gateway/ })
      .first()
      .waitFor();
    expect(await lines.textContent()).toContain('/api/v1/collections/films/vectors/work-1');
    expect(faults).toEqual([]);
  });
});

describe('the page', () => {
  it.each(['light', 'dark'] as const)('has no barriers in %s', async (colorScheme) => {
    await using opened = await openPage(browser, system.url, { colorScheme });
    const { page } = opened;
    await replicas(page, 'Connected').first().waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'films' }).click();
    await page.getByLabel('Point id').fill('work-3');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('10 hits.').waitFor();
    expect(await barriers(page)).toEqual([]);
    for (const view of ['Slow queries', 'Logs']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      expect(await barriers(page)).toEqual([]);
    }
    await page.getByRole('button', { name: 'API key' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  it('can be used by keyboard alone', async () => {
    await using opened = await openPage(browser, system.url);
    const { page } = opened;
    await replicas(page, 'Connected').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.getByRole('link', { name: 'Search' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
    expect(await focused(page)).toBe('Search');
  });

  it('is dark when that is chosen, also the next time', async () => {
    await using opened = await openPage(browser, system.url, { colorScheme: 'light' });
    const { page } = opened;
    const ground = async (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByLabel('Dark').check();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await ground()).toBe(dark);
  });

  it('fits a small screen', async () => {
    await using opened = await openPage(browser, system.url, { viewport: { width: 390, height: 780 } });
    const { page } = opened;
    await replicas(page, 'Connected').first().waitFor();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider).toBeLessThanOrEqual(0);
  });
});

/** Cells of the grid by the state that they tell. */
function replicas(page: Page, status: string): Locator {
  return page
    .getByRole('group', { name: 'Replicas by node and shard' })
    .getByRole('cell', { name: new RegExp(`^${status}`) });
}

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? '');
}
