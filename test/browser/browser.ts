import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import { type Browser, launch, type Page } from 'puppeteer-core';

/** Where screenshots are, to be looked at; not part of the repository. */
const shots = fileURLToPath(new URL('../../.tmp/page', import.meta.url));

/** Nothing of the browser's own goes to a network. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface Visit {
  readonly page: Page;
  /** Addresses that the page has asked for. */
  readonly requests: readonly string[];
  /** Errors and warnings of its console, errors that nothing caught, and requests that failed. */
  readonly complaints: readonly string[];
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

/** A headless Chromium out of the installed packages. */
export class TestBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly profile: string,
  ) {}

  static async start(): Promise<TestBrowser> {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'page-profile-'));
    const executablePath = await chromium.executablePath();
    const browser = await launch({ executablePath, headless: 'shell', args: ARGUMENTS, userDataDir: profile });
    return new TestBrowser(browser, profile);
  }

  async visit(url: string, { width, height, scheme }: Look): Promise<Visit> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('dialog', (dialog) => void dialog.accept());
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(url);
    return { page, requests, complaints };
  }

  async close(): Promise<void> {
    await this.browser.close();
    await rm(this.profile, { recursive: true, force: true });
  }
}

/** What of the page a screenshot has; default: all of it. */
export interface ShotOptions {
  readonly viewport?: boolean;
  readonly element?: string;
}

export async function shot(page: Page, name: string, { viewport = false, element }: ShotOptions = {}): Promise<void> {
  await mkdir(shots, { recursive: true });
  const file = path.join(shots, `${name}.png`) as `${string}.png`;
  if (element === undefined) await page.screenshot({ path: file, fullPage: !viewport });
  else await (await page.$(element))?.screenshot({ path: file });
}

/** Waits until an element has this text, HTML or SVG. */
export const untilText = (page: Page, selector: string, text: string) =>
  page.waitForFunction(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].some((one) => (one.innerText ?? one.textContent).includes(${JSON.stringify(text)}))`,
    { timeout: 60_000 },
  );
