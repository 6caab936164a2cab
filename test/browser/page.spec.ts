import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'puppeteer-core';
import { closeShopApps, shopApp, state, traffic } from '../asyncapi/page/shop-app.js';
import { type Look, shot, TestBrowser, untilText } from './browser.js';

const DESKTOP: Look = { width: 1280, height: 900, scheme: 'light' };
const everybody = { admin: { guard: () => true } };

let browser: TestBrowser;

beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser.close());
afterEach(closeShopApps);

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as unknown as { innerText: string }).innerText);

describe('the page of an application with a handler that is stuck', () => {
  it.each<[string, Look]>([
    ['desktop, light', DESKTOP],
    ['desktop, dark', { ...DESKTOP, scheme: 'dark' }],
    ['phone, light', { width: 390, height: 844, scheme: 'light' }],
    ['phone, dark', { width: 390, height: 844, scheme: 'dark' }],
  ])(
    'names it and the reason above all else, asks no other host and has nothing to complain of: %s',
    async (name, look) => {
      const { url, brokers } = await shopApp();
      await traffic(brokers);
      const { page, requests, complaints } = await browser.visit(`${url}/asyncapi`, look);
      await untilText(page, '#problems', 'Payments.book is stuck');
      await untilText(page, '#problems', 'The account service does not answer');
      await untilText(page, '#problems', 'failed');
      await page.waitForFunction(
        "document.querySelector('#reference iframe')?.contentDocument?.querySelector('.aui-root')",
      );
      await shot(page, name.replace(', ', '-'));

      const [first] = await page.$$('#problems article');
      expect(await first?.evaluate((element) => element.textContent)).toMatch(
        /Payments\.book is stuck.*payments\[\d\]@0/,
      );
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(look.width);
      expect(requests.filter((one) => !one.startsWith(`${url}/`) && !one.startsWith('data:'))).toEqual([]);
      expect(complaints).toEqual([]);
      expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(look.scheme);
    },
  );
});

describe('the page', () => {
  it('finds handlers and addresses', async () => {
    const { url } = await shopApp();
    const { page } = await browser.visit(`${url}/asyncapi`, DESKTOP);
    await page.waitForSelector('#handlers tr.row');
    await page.type('#search', 'ledger');
    const rows = await page.$$eval('#handlers tr.row strong', (all) => all.map(({ textContent }) => textContent));
    expect(rows).toEqual(['Reports.sum']);
    const shown = await page.$$eval('.node:not(.faded)', (all) => all.map((one) => one.getAttribute('data-name')));
    expect(shown.sort()).toEqual(['Payments.book', 'Reports.sum', 'ledger']);
    await shot(page, 'search');
  });

  it('shows dead letters as text and no payload, and has no button to redrive, without an administrator', async () => {
    const { url, brokers } = await shopApp();
    await traffic(brokers);
    const { page } = await browser.visit(`${url}/asyncapi`, DESKTOP);
    await page.waitForSelector('[data-place="refunds.dlq"] button');
    const buttons = await page.$$eval('#letters button', (all) => all.map(({ textContent }) => textContent));
    expect(new Set(buttons)).toEqual(new Set(['Show letters']));
    await page.click('[data-place="refunds.dlq"] button');
    await untilText(page, '.letter', 'No <b>account</b> for r1');
    expect(await page.content()).not.toContain('card 4111');
  });

  it('shows payloads and redrives for an administrator', async () => {
    const { url, brokers } = await shopApp(everybody);
    await traffic(brokers);
    const { page, complaints } = await browser.visit(`${url}/asyncapi`, DESKTOP);
    const place = '[data-place="refunds.dlq"]';
    await page.waitForSelector(`${place} button`);
    await page.click(`${place} .buttons button:nth-child(2)`);
    await page.waitForSelector(`${place} summary`);
    await page.click(`${place} summary`);
    await untilText(page, `${place} pre`, 'card 4111');
    await shot(page, 'letters');

    state.accountsAreDown = false;
    await page.click(`${place} .letter button`);
    await untilText(page, `${place} .said`, '1 redriven, 0 failed again, 0 left');
    expect(state.refunded).toContainEqual({ id: 'r1', broken: true, secret: 'card 4111' });
    await untilText(page, '#problems', 'Nothing is stuck');
    await shot(page, 'well');
    expect(complaints).toEqual([]);
  });

  it("publishes a channel's example", async () => {
    const { url } = await shopApp({ ...everybody, publish: true });
    const { page } = await browser.visit(`${url}/asyncapi`, DESKTOP);
    await page.waitForSelector('.publish textarea');
    expect(await page.$eval('.publish textarea', (area) => (area as unknown as { value: string }).value)).toContain(
      '"amount"',
    );
    await page.click('.publish button');
    await untilText(page, '.publish .said', 'Published');
    await shot(page, 'publish');
    expect(await textOf(page, '.publish .said')).toContain('Published');
  });

  it('switches between light and dark, and remembers it', async () => {
    const { url } = await shopApp();
    const { page } = await browser.visit(`${url}/asyncapi`, DESKTOP);
    await page.waitForSelector('#handlers tr.row');
    await page.click('#theme');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await page.reload();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });

  it.each(['light', 'dark'] as const)('has its picture as a file that is readable by itself: %s', async (scheme) => {
    const { url } = await shopApp();
    const { page, complaints } = await browser.visit(`${url}/asyncapi/graph.svg`, { ...DESKTOP, scheme });
    const colourOf = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).fill`);
    const [dark, light] = ['rgb(27, 31, 41)', 'rgb(255, 255, 255)'];
    expect(await colourOf('.ground')).toBe(scheme === 'dark' ? dark : light);
    expect(await colourOf('.name')).toBe(scheme === 'dark' ? 'rgb(232, 235, 242)' : 'rgb(27, 33, 48)');
    await shot(page, `picture-${scheme}`);
    expect(complaints.filter((one) => !one.includes('favicon'))).toEqual([]);
  });
});
