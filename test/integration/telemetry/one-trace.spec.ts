import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compiled, compiledLibrary } from '../../support/compiled-library.js';
import { natsLibrary } from '../../support/nats-library.js';
import { createTopic, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { OtlpReceiver } from '../../support/telemetry/otlp-receiver.js';
import { deleteStream } from '../e2e/support.js';

const SPANS_ALONE = { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
const sources = path.join(import.meta.dirname, 'process');

/** The application, compiled with the library to modules of this format. Returns its folder. */
function application(format: 'es6' | 'commonjs'): string {
  const folder = path.dirname(compiledLibrary(`telemetry-${format}`, format));
  const app = compiled(path.join(sources, 'app.ts'), format).replaceAll('../../../../lib/', './lib/');
  writeFileSync(path.join(folder, 'app.js'), app);
  for (const file of ['otel.cjs', 'otel.mjs']) copyFileSync(path.join(sources, file), path.join(folder, file));
  return folder;
}

whenBrokers(describe)('an HTTP application with the instrumentations of HTTP and kafkajs', () => {
  let receiver: OtlpReceiver;
  let child: ChildProcess | undefined;
  const streamName = uniqueName('TRACED');

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    child = undefined;
    await receiver.close();
    await deleteStream(streamName).catch(() => undefined);
  });

  it.each([
    ['CommonJS and node -r', 'commonjs', ['-r', './otel.cjs']],
    ['ES modules and the loader hook', 'es6', ['--import', './otel.mjs']],
  ] as const)('has one trace over its bridge, and no span twice: %s', async (_what, format, preload) => {
    const { kafka, nats } = realBrokers();
    const [topic, other] = [await createTopic(uniqueName('traced'), 1), await createTopic(uniqueName('own'), 1)];
    const subject = uniqueName('traced');
    const [library, groupId] = [natsLibrary, uniqueName('group')];
    const settings = { kafka, nats, library, topic, other, groupId, subject, streamName };
    child = spawn(process.execPath, [...preload, 'app.js', JSON.stringify(settings)], {
      cwd: application(format),
      env: { ...process.env, ...SPANS_ALONE, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exit = once(child, 'exit').then(([code]) => {
      throw new Error(`The application has ended with ${String(code)}`);
    });
    const told = async (): Promise<unknown[]> => Promise.race([once(child!, 'message'), exit]);
    const [url] = (await told()) as [string];
    const order = async (): Promise<string> => (await fetch(`${url}/orders`, { method: 'POST' })).text();
    // Together: the application may tell, or end, before its answer is there.
    await Promise.all([told(), order()]);
    child.send('close');
    await exit.catch(() => undefined);

    const names = ['POST', `send ${topic}`, `process ${topic}`, `send ${subject}`, `process ${streamName}`];
    const chain = names.map((name) => receiver.one(name));
    const traceId = chain[0]!.traceId;
    expect(chain.map((span) => [span.name, span.traceId, span.parentSpanId])).toEqual(
      chain.map(({ name }, place) => [name, traceId, chain[place - 1]?.spanId]),
    );
    // Of the instrumentation there is the publish that the application makes with the client itself.
    const others = receiver.spans.filter(({ scope }) => scope.endsWith('instrumentation-kafkajs'));
    expect(others.map(({ name }) => name)).toEqual([`send ${other}`]);
    const kafkaSpan = receiver.one(`process ${topic}`);
    expect(kafkaSpan.attributes).toMatchObject({ 'messaging.system.name': 'kafka', 'kafka.message.key': 'one' });
  });
});
