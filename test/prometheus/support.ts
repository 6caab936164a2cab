import { Controller, Get, Header, type ModuleMetadata } from '@nestjs/common';
import parse from 'parse-prometheus-text-format';
import { Registry } from 'prom-client';
import type { BrokerDefinition } from '../../lib/index.js';
import { MultiBrokerMetricsModule, type MultiBrokerMetricsOptions } from '../../lib/prometheus/index.js';
import { type HttpApp, httpApp, httpAppOnTwins } from '../support/http-app.js';

export interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly Series[];
}

/** What a scrape has brought. */
export class Scrape {
  /** By name, with help and type. */
  readonly described: ReadonlyMap<string, Family>;
  private readonly families: ReadonlyMap<string, Family>;

  /** @param prefix of all names */
  constructor(
    text: string,
    private readonly prefix = 'multi_broker_',
  ) {
    this.described = byName(text);
    // The parser takes all series of a histogram for one: without the type they are three metrics, each with its labels.
    this.families = byName(text.replaceAll(/^# TYPE \S+ histogram\n/gm, ''));
  }

  /** Those with a series. */
  get names(): readonly string[] {
    return [...this.families.values()].filter(({ metrics }) => metrics.length > 0).map(({ name }) => name);
  }

  /** The series of a metric, without the prefix in its name. */
  all(name: string): readonly Series[] {
    const family = this.families.get(`${this.prefix}${name}`);
    if (family === undefined) throw new Error(`No metric ${name} among ${this.names.join(', ')}`);
    return family.metrics;
  }

  /** The value of the series with these labels; undefined if there is none. */
  value(name: string, labels: Readonly<Record<string, string>>): number | undefined {
    const found = this.all(name).filter((one) =>
      Object.entries(labels).every(([label, value]) => one.labels?.[label] === value),
    );
    if (found.length > 1) throw new Error(`${name} has several series with ${JSON.stringify(labels)}`);
    const text = found[0]?.value;
    return text === undefined ? undefined : Number(text);
  }
}

function byName(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family>();
  for (const family of parse(text) as readonly Family[]) {
    const before = families.get(family.name)?.metrics ?? [];
    families.set(family.name, { ...family, metrics: [...before, ...family.metrics] });
  }
  return families;
}

/** Answers `/metrics` from a registry. */
function metricsController(registry: Registry) {
  @Controller()
  class MetricsController {
    @Get('metrics')
    @Header('content-type', registry.contentType)
    metrics() {
      return registry.metrics();
    }
  }
  return MetricsController;
}

export interface Scraped {
  scrape(): Promise<Scrape>;
}

interface Options extends ModuleMetadata {
  readonly definitions?: readonly BrokerDefinition[];
  readonly metrics?: MultiBrokerMetricsOptions;
}

function withMetrics({ metrics = {}, ...metadata }: Options): Options {
  const registry = metrics.registry ?? new Registry();
  return {
    ...metadata,
    imports: [MultiBrokerMetricsModule.forRoot({ ...metrics, registry }), ...(metadata.imports ?? [])],
    controllers: [metricsController(registry), ...(metadata.controllers ?? [])],
  };
}

const scraped = <App extends HttpApp>(app: App): App & Scraped => ({
  ...app,
  scrape: async () => new Scrape((await app.get('/metrics')).text),
});

/** An application on twins that answers `/metrics`. */
export async function measuredOnTwins(options: Options) {
  return scraped(await httpAppOnTwins(withMetrics(options)));
}

/** The same on real brokers. */
export async function measured(options: Options) {
  return scraped(await httpApp(withMetrics(options)));
}
