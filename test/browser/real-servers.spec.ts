import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'puppeteer-core';
import { eventually } from '../support/eventually.js';
import { whenBrokers } from '../support/real-brokers.js';
import { type Look, shot, TestBrowser, untilText } from './browser.js';
import { OPERATOR, realShop, type RealShop } from './real-app.js';

jest.setTimeout(120_000);

const DESKTOP: Look = { width: 1280, height: 900, scheme: 'light' };
const LOOKS: readonly (readonly [string, Look])[] = [
  ['desktop, light', DESKTOP],
  ['desktop, dark', { ...DESKTOP, scheme: 'dark' }],
  ['phone, light', { width: 390, height: 844, scheme: 'light' }],
  ['phone, dark', { width: 390, height: 844, scheme: 'dark' }],
];

whenBrokers(describe)('the page of an application on real Kafka and NATS', () => {
  let browser: TestBrowser;
  let real: RealShop;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    real = await realShop();
    const shop = real.brokers.get('shop');
    await shop.publish(real.orders, { id: 'o1', address: 'Main Street 1' });
    await shop.publish(real.orders, { id: 'o2' });
    for (const id of ['p1', 'p2', 'p3']) await shop.publish(real.payments, { id }, { key: 'k' });
  });
  afterAll(async () => {
    await browser.close();
    await real.close();
  });

  const place = (): string => `[data-place="stream ${real.dead}"]`;
  const button = (text: string, within = place()): string => `${within} button::-p-text(${text})`;
  const press = async (page: Page, selector: string): Promise<void> => (await page.waitForSelector(selector))!.click();

  /** Names in the picture that are wider than their node. */
  const overflowing = (page: Page): Promise<unknown> =>
    page.$$eval('.node', (all) => {
      const widthOf = (one: unknown): number => (one as { getBBox(): { width: number } }).getBBox().width;
      const isTooWide = (node: (typeof all)[number], line: string): boolean =>
        widthOf(node.querySelector(line)) > widthOf(node.querySelector('rect')) - 20;
      return all.filter((node) => isTooWide(node, '.name') || isTooWide(node, '.note')).map((one) => one.textContent);
    });

  it.each(LOOKS)('names the handler that is stuck, and why: %s', async (name, look) => {
    const { page, complaints } = await browser.visit(`${real.url}/asyncapi`, look);
    await untilText(page, '#problems', 'Payments.book is stuck');
    await untilText(page, '#problems', 'The account service does not answer');
    await untilText(page, '#problems', 'Shipping.pack has parked 1 message as a dead letter');
    await untilText(page, '.node[data-state="stuck"]', 'Payments.book');
    // Between two deliveries of the message nothing holds it, and health alone tells of it, by its id.
    await untilText(page, '#problems', `${real.payments}[0]@0`);
    await shot(page, `real-${name.replace(', ', '-')}`, { viewport: true });
    const [first] = await page.$$eval('#problems article', (all) => all.map(({ textContent }) => textContent));
    expect(first).toMatch(/^stuckPayments\.book is stuck/i);
    expect(first).toContain(`${real.payments}[0]`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width);
    expect(await overflowing(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('shows the dead letter of the stream to everybody, and its payload to none but an operator', async () => {
    const { page } = await browser.visit(`${real.url}/asyncapi`, DESKTOP);
    await press(page, button('Show letters'));
    await untilText(page, `${place()} .letter`, 'Order o2 has no address');
    await press(page, button('With payloads'));
    await untilText(page, `${place()} .said.bad`, 'The guard of the application refuses this');
    await press(page, button('Redrive all'));
    await untilText(page, `${place()} .said.bad`, 'The guard of the application refuses this');
    await eventually(() => expect(real.shop.shipped).toEqual([{ order: 'o1' }]), 60_000);
  });

  it('brings the letter back through its handler for an operator, and tells that nothing is stuck any more', async () => {
    const { page, complaints } = await browser.visit(`${real.url}/asyncapi`, DESKTOP);
    await page.browserContext().setCookie({ ...OPERATOR, domain: '127.0.0.1', path: '/' });
    await press(page, button('With payloads'));
    await press(page, `${place()} summary`);
    await untilText(page, `${place()} pre`, '"id": "o2"');
    await shot(page, 'real-letter', { element: '#letters-panel' });

    real.shop.accountsAreDown = false;
    await press(page, button('Redrive this letter', `${place()} .letter`));
    await untilText(page, `${place()} .said`, '1 redriven, 0 failed again, 0 left');
    await eventually(() => {
      expect(real.shop.shipped).toEqual([{ order: 'o1' }, { order: 'o2' }]);
      expect(real.shop.booked).toHaveLength(3);
    }, 60_000);
    await untilText(page, '#problems', 'Nothing is stuck');
    await untilText(page, place(), 'There are none.');
    await shot(page, 'real-well', { viewport: true });
    expect(complaints).toEqual([]);
  });
});
