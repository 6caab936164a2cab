import { type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { AsyncApi, type AsyncApiDocument } from '../../lib/asyncapi/index.js';
import { MultiBrokerModule } from '../../lib/index.js';
import { NamesakeModule } from '../asyncapi/namesake-app.js';
import { definitions, info, Orders } from '../asyncapi/rich-app.js';
import { type Look, shot, TestBrowser } from './browser.js';

const DESKTOP: Look = { width: 1280, height: 900, scheme: 'light' };

@Module({ imports: [MultiBrokerModule.forRoot([...definitions], { inMemory: true })], providers: [Orders] })
class RichModule {}

let browser: TestBrowser;
let app: INestApplication | undefined;

beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser.close());
afterEach(() => app?.close());

it.each<[string, Type]>([
  ['all features', RichModule],
  ['two clusters with the same topics, one prefix and namesakes', NamesakeModule],
])('the page shows every operation, place and handler of %s, and complains of nothing', async (_, module) => {
  app = await NestFactory.create(module, { logger: false, forceCloseConnections: true });
  AsyncApi.setup('/asyncapi', app, { info });
  await app.listen(0, '127.0.0.1');
  const document = (await (await fetch(`${await app.getUrl()}/asyncapi.json`)).json()) as AsyncApiDocument;
  const { page, complaints } = await browser.visit(`${await app.getUrl()}/asyncapi`, DESKTOP);
  const frame = await (await page.waitForSelector('#reference iframe'))!.contentFrame();
  await frame.waitForSelector('#operations li, [id^="operation-"]', { timeout: 60_000 });
  await page.waitForSelector('#handlers tr.row');
  const text = await frame.$eval('body', (body) => body.textContent);
  expect(Object.keys(document.operations).filter((id) => text?.includes(id) !== true)).toEqual([]);
  expect(Object.keys(document.servers).filter((name) => text?.includes(name) !== true)).toEqual([]);
  const nodes = await page.$$eval('.node.handler', (all) => all.map((one) => one.getAttribute('data-handle')));
  const handlers = Object.values(document.operations).flatMap(
    (one) => (one['x-handler-id'] as string | undefined) ?? [],
  );
  expect(nodes.toSorted()).toEqual(handlers.toSorted());
  await shot(page, `reference-${module.name}`, { viewport: true });
  expect(complaints).toEqual([]);
});
