import { findBinary } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** A page of a browser of its own, and everything that was wrong with it. */
export type Opened = AsyncDisposable & {
  readonly page: Page;
  /** Errors of scripts, refusals of the page's own policy, and requests to anywhere but its server. */
  readonly faults: string[];
};

/** Waits of a test are for conditions; one that is not met within this on a busy machine never will be. */
const WAIT_MS_MAX = 20_000;

/** A Chromium without a window. In a container it runs as root, where its own sandbox cannot be had. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findBinary('chromium', 'chromium/bin');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** The dashboard of a gateway, or the page at the path of the url. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...asOneWhoMay(url), ...options });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin, pathname } = new URL(url);
  page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    // A failed request is told of as an error, too; which may fail is the test's to say.
    const isOfScript = !message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && isOfScript) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const at = request.url();
    if (!at.startsWith(origin) && !at.startsWith('data:')) faults.push(`a request to ${at}`);
  });
  await page.goto(pathname === '/' ? `${origin}/dashboard` : url);
  return { page, faults, [Symbol.asyncDispose]: async () => context.close() };
}

/** Where everything is encrypted and has keys, the page is let in as the tests are. */
function asOneWhoMay(url: string): BrowserContextOptions {
  const { apiKey } = credentialsFor(url);
  return apiKey === undefined ? {} : { ignoreHTTPSErrors: true, extraHTTPHeaders: { 'x-api-key': apiKey } };
}
