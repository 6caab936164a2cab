import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { parser } from '@prometheus-io/lezer-promql';
import { NackMessage, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { closeHttpApps } from '../support/http-app.js';
import { measuredOnTwins, type Scrape } from './support.js';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8'),
) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);

interface Query {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
  readonly mistakes: number;
}

/** By the grammar of Prometheus. */
function queryOf(expr: string): Query {
  const text = expr.replaceAll('$__rate_interval', '5m');
  const found = { metrics: [] as string[], labels: [] as string[], mistakes: 0 };
  parser.parse(text).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) found.mistakes++;
      const word = text.slice(from, to);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(word);
      if (name === 'LabelName') found.labels.push(word);
    },
  });
  return found;
}

@Injectable()
class Bridge {
  nacks = 1;

  @Subscribe('orders', 'incoming', { deadLetter: 'letters' })
  @PublishTo('events', 'outgoing')
  pass(@Payload() text: string) {
    if (text === 'bad') throw new Error('It cannot be done');
    if (text === 'later' && this.nacks-- > 0) throw new NackMessage({ delayMs: 100 });
    return text;
  }
}

let scrape: Scrape;

// Everything happens once, as a counter of what has never happened may have no series.
beforeEach(async () => {
  const app = await measuredOnTwins({ providers: [Bridge] });
  app.harness.expectFailures();
  for (const text of ['good', 'later', 'bad']) {
    await app.harness.publish('orders', 'incoming', text);
    await app.harness.clock.advance(10_000);
  }
  scrape = await app.scrape();
});
afterEach(closeHttpApps);

it('every query of the dashboard is valid, and of metrics and labels that exist', () => {
  expect(targets.length).toBeGreaterThan(15);
  for (const [title, expr] of targets) {
    const { metrics, labels, mistakes } = queryOf(expr);
    expect([title, mistakes, metrics.length]).toEqual([title, 0, 1]);
    const name = metrics[0]!.replace(/^multi_broker_/, '');
    const has = new Set(scrape.all(name).flatMap((series) => Object.keys(series.labels ?? {})));
    if (scrape.all(name).length > 0) expect([title, labels.filter((label) => !has.has(label))]).toEqual([title, []]);
  }
});

it('every metric is on the dashboard', () => {
  const shown = new Set(targets.flatMap(([, expr]) => queryOf(expr).metrics));
  const all = [...scrape.described.keys()];
  expect(all.filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`))).toEqual([]);
});

it('its variables are labels of metrics that exist', () => {
  const asked = variables.map((definition) => /^label_values\(multi_broker_(\w+), (\w+)\)$/.exec(definition));
  expect(asked).toHaveLength(2);
  for (const match of asked) {
    const [, name = '', label = ''] = match ?? [];
    expect(scrape.all(name).map(({ labels }) => labels?.[label])).not.toContain(undefined);
  }
});
