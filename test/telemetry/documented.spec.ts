import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Scrape } from '../prometheus/support.js';
import { eventually } from '../support/eventually.js';
import { documented, exampleApp, started } from '../support/telemetry/documented.js';
import { OtlpReceiver } from '../support/telemetry/otlp-receiver.js';

const LONG = 50_000;
let receiver: OtlpReceiver;
let child: ChildProcess | undefined;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await receiver.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

describe('the files that docs/telemetry.md has for the SDK', () => {
  it.each([
    ['otel.cjs, by node -r', 'commonjs', 'otel.cjs', '-r'],
    ['otel.mjs, by node --import', 'es6', 'otel.mjs', '--import'],
  ] as const)('send spans and metrics of an application to a collector: %s', async (_what, format, file, flag) => {
    const folder = exampleApp(`documented-${format}`, format);
    writeFileSync(path.join(folder, file), documented('telemetry.md', file));
    child = await started(folder, [flag, `./${file}`], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_METRIC_EXPORT_TIMEOUT: '100',
    });
    const names = ['send incoming', 'process incoming', 'send outgoing', 'process OUTGOING'];
    await eventually(() => expect(receiver.spans.map(({ name }) => name).sort()).toEqual([...names].sort()), LONG);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
    await eventually(
      () => expect(receiver.pointsOf('messaging.client.consumed.messages').map(({ value }) => value)).toEqual([1, 1]),
      LONG,
    );
  });
});

describe('the file that docs/metrics.md has for the exporter of OpenTelemetry', () => {
  it('answers a scrape with the metrics of an application', async () => {
    const port = await freePort();
    const folder = exampleApp('documented-scrape', 'es6');
    writeFileSync(path.join(folder, 'otel-metrics.mjs'), documented('metrics.md', 'otel-metrics.mjs'));
    child = await started(folder, ['--import', './otel-metrics.mjs'], {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    });
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers: { connection: 'close' } });
      const scrape = new Scrape(await response.text(), '');
      const labels = { multi_broker_handler: 'Bridge.read' };
      expect(scrape.value('messaging_client_consumed_messages_total', labels)).toBe(1);
      expect(scrape.value('messaging_process_duration_count', labels)).toBe(1);
      expect(scrape.value('multi_broker_messages_in_flight', labels)).toBe(0);
    }, LONG);
  });
});
