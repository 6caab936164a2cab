import { ConsoleLogger, Injectable, Logger, type LoggerService, NotFoundException } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Ctx, type MessageContext, Subscribe } from '../../lib/index.js';
import { closeTestApps, testApp } from '../support/test-app.js';

const written: string[] = [];
const write = (chunk: unknown): boolean => written.push(String(chunk)) > 0;
beforeEach(() => {
  written.length = 0;
  jest.spyOn(process.stderr, 'write').mockImplementation(write);
  jest.spyOn(process.stdout, 'write').mockImplementation(write);
});
afterEach(async () => {
  await closeTestApps();
  jest.restoreAllMocks();
  Logger.overrideLogger(new Logger());
});

const root = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });

@Injectable()
class Orders {
  @Subscribe('orders', 'incoming', { ack: 'reject-on-error', retry: { attempts: 1 } })
  fails(): never {
    throw new NotFoundException('No such order', { cause: root });
  }

  @Subscribe('orders', 'parked', { deadLetter: 'parked.dlq', retry: { attempts: 1 } })
  parks(): never {
    throw new NotFoundException('No such order', { cause: root });
  }

  @Subscribe('orders', 'refused')
  refuses(@Ctx() context: MessageContext): void {
    context.reject('a duplicate');
  }
}

const fields = {
  code: 'ECONNREFUSED',
  broker: 'orders',
  handler: 'Orders.fails',
  messageId: expect.stringMatching(/^kafka:.*:incoming:0:0:/),
  correlationId: 'c-1',
  attempt: 1,
  cause: 'NotFoundException: No such order; caused by Error: connect ECONNREFUSED 127.0.0.1:5432',
};
const sentence = expect.stringMatching(/^Orders\.fails on incoming.* failed after 1 call\(s\): rejected$/);
const stack = expect.stringMatching(
  /^NotFoundException: No such order\n[^]*\nCaused by: Error: connect ECONNREFUSED.*\n +at /,
);

/** What is written of one failure. */
async function failWith(logger: LoggerService, to = 'incoming'): Promise<void> {
  const { harness } = await testApp([Orders]);
  harness.expectFailures();
  Logger.overrideLogger(logger);
  await harness.publish('orders', to, { card: '4111' }, { headers: { 'correlation-id': 'c-1', token: 's3cret' } });
  await harness.settled();
}

function records(level: string): Record<string, unknown>[] {
  const lines = written
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.filter((line) => line.level === level && line.context === 'MultiBroker');
}

/** Nest 12 has fields as `params`; Nest 11 has no place for them but the message. */
function spread({ message, params, ...rest }: Record<string, unknown>): object {
  return { ...rest, ...(typeof message === 'object' ? message : { message }), ...(params as object) };
}

it("Nest's logger writes the fields of a failure as JSON, in one record", async () => {
  await failWith(new ConsoleLogger({ json: true }));
  expect(records('error').map(spread)).toEqual([expect.objectContaining({ ...fields, message: sentence, stack })]);
});

it('and those of a message that its handler rejects', async () => {
  await failWith(new ConsoleLogger({ json: true }), 'refused');
  const [record] = records('warn').map(spread);
  expect(record).toMatchObject({
    code: 'MULTI_BROKER_REJECTED',
    handler: 'Orders.refuses',
    message: expect.stringContaining('dropped, a duplicate'),
  });
});

it('and those of a message that is parked, with the place of its letter', async () => {
  await failWith(new ConsoleLogger({ json: true }), 'parked');
  const [record] = records('error').map(spread);
  expect(record).toMatchObject({
    ...fields,
    handler: 'Orders.parks',
    messageId: expect.stringMatching(/^kafka:.*:parked:0:0:/),
    message: expect.stringMatching(
      /: parked as a dead letter in topic parked\.dlq on broker 'orders' \(parked\.dlq\[\d\]@0\)$/,
    ),
  });
});

it('as text it writes the sentence, the stack and the causes', async () => {
  await failWith(new ConsoleLogger({ colors: false }));
  const text = written.join('');
  expect(text).toMatch(/ERROR \[MultiBroker\] Orders\.fails on incoming.* failed after 1 call\(s\): rejected\n/);
  expect(text).toMatch(/NotFoundException: No such order\n[^]*\nCaused by: Error: connect ECONNREFUSED/);
});

it('a logger with pino behind it writes the fields beside the text', async () => {
  const logged: unknown[][] = [];
  // As nestjs-pino: what is an object is merged, the next one is the text, and the last one the context.
  const ignore = () => undefined;
  const error = (message: object, ...more: unknown[]): void => {
    logged.push([Object.assign({ context: more.pop() }, message), ...more]);
  };
  await failWith({ error, log: ignore, warn: ignore });
  expect(logged).toEqual([[{ context: 'MultiBroker', ...fields, stack }, sentence]]);
});

it('a logger that writes texts writes the sentence and the stack', async () => {
  const logged: string[] = [];
  const error = (message: unknown): void => void logged.push(String(message), JSON.stringify(message));
  await failWith({ error, log: () => undefined, warn: () => undefined });
  expect(logged[0]).toMatch(/^Orders\.fails on .*rejected\nNotFoundException: No such order\n/);
  expect(JSON.parse(logged[1]!)).toMatchObject({ ...fields, message: sentence });
});

it.each([
  ['JSON', new ConsoleLogger({ json: true })],
  ['text', new ConsoleLogger({ colors: false })],
])('neither payload nor headers are in a line: %s', async (_, logger) => {
  await failWith(logger);
  expect(written.join('')).toContain('ECONNREFUSED');
  expect(written.join('')).not.toMatch(/4111|s3cret/);
});
