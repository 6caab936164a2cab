import type { INestApplication } from '@nestjs/common';
import type { DeadLetterPlace } from '../../driver/index.js';
import { graphOf, type ManagedMultiBroker } from '../../lifecycle/index.js';
import { type Asset, ownAssets, rendererAssets } from './assets.js';
import { escaped } from './escaped.js';
import { svgOf } from './graph/svg.js';
import type { Exchange } from './http/exchange.js';
import { Refusal } from './http/failure.js';
import { passGuard } from './http/guard.js';
import { refuseOtherOrigins } from './http/same-origin.js';
import { letterPlacesOf, type LetterPlace } from './letters/places.js';
import { type LetterId, Looks, redriveOf } from './letters/letters.js';
import { EVENTS, Live } from './live/live.js';
import { mayPublish, type PageOptions } from './options.js';
import { PerWiring } from './per-wiring.js';
import { type Channel, channelsOf, publishTo } from './publish.js';

/** The document that the page shows, made when it is asked for: brokers may be added. */
export interface PageDocument {
  readonly title: string;
  json(): Promise<string>;
  yaml(): Promise<string>;
}

/** What the page is made of. */
export interface PageParts {
  readonly app: INestApplication;
  readonly brokers: ManagedMultiBroker;
  readonly options: PageOptions;
  /** The last part of its path, on which the addresses of its files are based. */
  readonly base: string;
  readonly document: PageDocument;
}

export interface Route {
  readonly method: 'get' | 'post';
  /** Behind the path of the page. */
  readonly path: string;
  readonly answer: (exchange: Exchange) => void | Promise<void>;
}

/** Nothing from elsewhere, no inline script or style, no eval. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** The renderer of the reference compiles its schemas as it loads, and has styles and pictures in its text. */
const REFERENCE_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
  .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
  .replace("img-src 'self'", "img-src 'self' data:");

/** The routes of the page: a table of what it answers, and who may ask. */
export class PageRoutes {
  private readonly live: Live;
  private readonly looks: Looks;
  private readonly open = new Set<Exchange>();
  private readonly pictures = new PerWiring<string>();
  private readonly documents = { json: new PerWiring<Promise<string>>(), yaml: new PerWiring<Promise<string>>() };
  private readonly assets: ReadonlyMap<string, Asset>;
  private readonly hasRenderer: boolean;

  constructor(private readonly parts: PageParts) {
    this.live = new Live(parts.brokers);
    this.looks = new Looks(parts.brokers);
    const renderer = rendererAssets();
    this.hasRenderer = renderer.size > 0;
    this.assets = new Map([...ownAssets(), ...renderer]);
  }

  all(): readonly Route[] {
    const read = (path: string, answer: Route['answer']): Route => ({ method: 'get', path, answer: this.seen(answer) });
    const write = (path: string, answer: Route['answer']): Route => {
      return { method: 'post', path, answer: this.seen((exchange) => this.administered(exchange, answer)) };
    };
    return [
      read('', (exchange) => this.page(exchange)),
      read('/reference', (exchange) => this.html(exchange, 'reference.html', REFERENCE_POLICY)),
      read('.json', async (exchange) => this.file(exchange, 'application/json', await this.document('json'))),
      read('.yaml', async (exchange) => this.file(exchange, 'application/yaml', await this.document('yaml'))),
      ...[...this.assets].flatMap(([name, asset]) =>
        name.endsWith('.html') ? [] : [read(`/${name}`, (exchange) => this.asset(exchange, asset))],
      ),
      read('/graph.svg', (exchange) => this.file(exchange, 'image/svg+xml', this.picture())),
      read('/settings', (exchange) => exchange.answerJson(200, this.settings())),
      read('/live', (exchange) => this.watch(exchange)),
      read('/letters', (exchange) => this.letters(exchange, false)),
      write('/letters', (exchange) => this.letters(exchange, true)),
      write('/redrive', (exchange) => this.redrive(exchange)),
      ...(mayPublish(this.parts.options) ? [write('/publish', (exchange) => this.publish(exchange))] : []),
    ];
  }

  /** Ends what a server that closes would wait for: the live view, and requests that are not answered yet. */
  end(): void {
    this.live.end();
    for (const exchange of this.open) exchange.end();
  }

  /** For those whom the guard of the page lets pass. Never rejects. */
  private seen(answer: Route['answer']): Route['answer'] {
    const { options, app } = this.parts;
    return async (exchange) => {
      this.open.add(exchange);
      try {
        if (options.guard !== undefined) await passGuard(options.guard, app, exchange);
        await answer(exchange);
      } catch (thrown) {
        exchange.fail(thrown);
      } finally {
        this.open.delete(exchange);
      }
    };
  }

  /** For administrators, from the page itself. */
  private async administered(exchange: Exchange, answer: Route['answer']): Promise<void> {
    const { options, app } = this.parts;
    if (options.admin === undefined) throw new Refusal(403, 'The page is for reading: AsyncApi.setup() has no admin');
    refuseOtherOrigins(exchange);
    await passGuard(options.admin.guard, app, exchange);
    await answer(exchange);
  }

  private page(exchange: Exchange): void {
    const { base } = this.parts;
    if (exchange.path.endsWith('/')) {
      exchange.answer(302, 'text/plain', '', { location: `../${encodeURIComponent(base)}` });
    } else this.html(exchange, 'page.html', POLICY);
  }

  private html(exchange: Exchange, name: string, policy: string): void {
    const template = this.assets.get(name)?.body.toString('utf8') ?? '';
    const values = { base: encodeURIComponent(this.parts.base), title: escaped(this.parts.document.title) };
    const html = template.replaceAll(/\{\{(base|title)\}\}/g, (_, value: keyof typeof values) => values[value]);
    exchange.answer(200, 'text/html; charset=utf-8', html, { 'content-security-policy': policy });
  }

  private document(type: 'json' | 'yaml'): Promise<string> {
    const { brokers, document } = this.parts;
    return this.documents[type].of(brokers.topology(), () => document[type]());
  }

  private file(exchange: Exchange, contentType: string, text: string): void {
    exchange.answer(200, `${contentType}; charset=utf-8`, text);
  }

  private asset(exchange: Exchange, { contentType, body }: Asset): void {
    exchange.answer(200, contentType, body, { 'cache-control': 'private, max-age=300' });
  }

  private watch(exchange: Exchange): void {
    if (exchange.request.method === 'HEAD') exchange.answer(200, EVENTS, '');
    else this.live.open(exchange.response);
  }

  private picture(): string {
    const topology = this.parts.brokers.topology();
    return this.pictures.of(topology, () => svgOf(graphOf(topology)));
  }

  private settings(): object {
    const { options, brokers } = this.parts;
    const topology = brokers.topology();
    const canPublish = mayPublish(options);
    return {
      admin: options.admin !== undefined,
      publish: canPublish,
      reference: this.hasRenderer,
      brokers: topology.brokers.map(({ name, kind, critical, server }) => ({
        name,
        kind,
        critical,
        hosts: server?.hosts,
      })),
      channels: canPublish ? this.channels().map(({ broker, address, params }) => ({ broker, address, params })) : [],
      letters: this.places().map(({ id, broker, label, why }) => ({ id, broker, label, why })),
    };
  }

  private channels(): readonly Channel[] {
    const { brokers } = this.parts;
    return channelsOf(brokers.topology(), (name) => brokers.page.definitionOf(name)?.options);
  }

  private places(): readonly LetterPlace[] {
    const { brokers, options } = this.parts;
    return letterPlacesOf(brokers.topology(), options.deadLetters ?? [], (name) => brokers.page.definitionOf(name));
  }

  private async letters(exchange: Exchange, bodies: boolean): Promise<void> {
    const id = bodies
      ? (await exchange.json())['place']
      : new URL(exchange.request.url ?? '', 'http://page').searchParams.get('place');
    exchange.answerJson(200, await this.looks.at(typeof id === 'string' ? id : '', this.placeOf(id), bodies));
  }

  private async redrive(exchange: Exchange): Promise<void> {
    const { place, ...letter } = await exchange.json();
    const redrive = redriveOf(this.parts.brokers, this.placeOf(place), letterOf(letter));
    exchange.answerJson(200, await redrive.finally(() => this.looks.forget(String(place))));
  }

  private async publish(exchange: Exchange): Promise<void> {
    const { brokers } = this.parts;
    const receipt = await publishTo(brokers, this.channels(), await exchange.json());
    exchange.answerJson(200, { position: receipt.position });
  }

  /** Only places of this application: the page reads no other topic or stream. */
  private placeOf(id: unknown): DeadLetterPlace {
    const place = this.places().find((one) => one.id === id);
    if (place === undefined) throw new Refusal(404, 'This application has no such place of dead letters');
    if (place.from === undefined) throw new Refusal(409, place.why ?? '');
    return place.from;
  }
}

/** Which letter is meant; undefined: all. */
function letterOf({ deliveryId, location }: Readonly<Record<string, unknown>>): LetterId | undefined {
  if (deliveryId !== undefined && typeof deliveryId !== 'string') throw new Refusal(400, 'deliveryId must be a text');
  if (location !== undefined && typeof location !== 'string') throw new Refusal(400, 'location must be a text');
  if (deliveryId === undefined && location !== undefined) throw new Refusal(400, 'There is no deliveryId');
  return deliveryId === undefined ? undefined : { deliveryId, location };
}
