import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { errorOf } from '../errors/index.js';
import type { Sample } from './state.js';

/** What is read when it is scraped. */
type Read<Label extends string> = () => readonly Sample<Label>[] | Promise<readonly Sample<Label>[]>;

interface Described<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Without it the metric is counted as things happen. */
  readonly read?: Read<Label>;
}

/** The metrics of one application in a registry, until they are removed. */
export class Instruments {
  private readonly names: string[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly prefix: string,
  ) {}

  counter<Label extends string>({ read, ...described }: Described<Label>): Counter<Label> {
    return new Counter({
      ...this.settings(described),
      async collect(this: Counter<Label>) {
        if (read === undefined) return;
        const samples = await read();
        this.reset();
        for (const { labels, value } of samples) this.inc(labels, value);
      },
    });
  }

  gauge<Label extends string>({ read, ...described }: Described<Label>): Gauge<Label> {
    return new Gauge({
      ...this.settings(described),
      async collect(this: Gauge<Label>) {
        if (read === undefined) return;
        const samples = await read();
        this.reset();
        for (const { labels, value } of samples) this.set(labels, value);
      },
    });
  }

  histogram<Label extends string>(described: Described<Label>, buckets: readonly number[]): Histogram<Label> {
    return new Histogram({ ...this.settings(described), buckets: [...buckets] });
  }

  /** Takes them out of the registry, for another application of the process. */
  remove(): void {
    for (const name of this.names) this.registry.removeSingleMetric(name);
  }

  private settings<Label extends string>({ name, help, labels }: Described<Label>) {
    const full = `${this.prefix}${name}`;
    if (this.registry.getSingleMetric(full) !== undefined) {
      throw errorOf('MULTI_BROKER_OPTION_INVALID.metricTaken', { name: full });
    }
    this.names.push(full);
    return { name: full, help, labelNames: [...labels], registers: [this.registry] };
  }
}
