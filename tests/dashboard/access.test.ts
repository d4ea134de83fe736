import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '@vectorizer/testing';
import type { Browser, Page } from 'playwright-core';
import { lastJson, runCommand } from '../system/command.ts';
import { barriers } from './axe.ts';
import { openPage, startBrowser } from './browser.ts';

let directory: TemporaryDirectory;
let data: string;
let url: string;
let key: string;
let browser: Browser;

beforeAll(async () => {
  directory = await temporaryDirectory();
  data = join(directory.path, 'data');
  const file = join(directory.path, 'admin.key');
  const started = await runCommand('up', '--port', '0', '--data', data, '--detach', '--json', '--init-key', file);
  ({ url } = lastJson(started) as { readonly url: string });
  key = (await readFile(file, 'utf8')).trim();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await runCommand('down', '--data', data);
  await directory?.[Symbol.asyncDispose]();
});

describe('the dashboard of a system with keys', () => {
  it('asks for a key, shows nothing without a good one, and has no barriers there', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'a key is needed' }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await give(page, `${key.slice(0, -4)}AAAA`);
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'the key is not good' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Replicas' }).count()).toBe(0);
  });

  it('shows everything with one, which stays in the tab and stands in no address', async () => {
    await using opened = await openPage(browser, url);
    const { page, faults } = opened;
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await give(page, key);
    await page.getByRole('heading', { name: 'Replicas' }).waitFor();
    await page.getByRole('link', { name: 'Slow queries' }).click();
    await page.getByRole('heading', { level: 2, name: 'Reads' }).waitFor();
    expect(await page.evaluate(() => JSON.stringify([Object.values(localStorage), document.cookie]))).not.toContain(
      key,
    );
    // Again in the same tab, which still has it.
    await page.reload();
    await page.getByRole('heading', { level: 2, name: 'Reads' }).waitFor();
    expect(addresses.concat(page.url()).filter((address) => address.includes(key))).toEqual([]);
    await using other = await openPage(browser, url);
    await other.page.getByRole('dialog').waitFor();
    expect(faults).toEqual([]);
  });

  it('forgets the key, and what that has shown, when it is told to', async () => {
    await using opened = await openPage(browser, url);
    const { page } = opened;
    await give(page, key);
    await page.getByRole('heading', { name: 'Replicas' }).waitFor();
    await page.getByRole('button', { name: 'Change key' }).click();
    await page.getByRole('button', { name: 'Forget the key' }).click();
    await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'a key is needed' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Replicas' }).count()).toBe(0);
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });
});

async function give(page: Page, text: string): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Use this key' }).click();
}
