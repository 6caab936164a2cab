import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'nats';

import { toStream } from '../../../lib/nats/index.js';
import { uniqueName, until, whenNative } from '../../support/real-brokers.js';
import { ReloadedServer } from './reloaded-server.js';
import { closeAll, closeLater, start, type Started, text, verdict } from './support.js';

jest.setTimeout(60_000);

const [LESS, MORE] = [10_000, 100_000];
const MIDDLE = text('x'.repeat(50_000));
const SMALL = text('x');
const REFUSED = 'MULTI_BROKER_PAYLOAD_TOO_LARGE no';

// See findings/nats-max-payload-reload.sh.
whenNative(describe, 'nats')('a max_payload that is changed by a reload', () => {
  let reloaded: ReloadedServer;

  const lines = (bytes: number) => `max_payload: ${bytes}\n`;
  const reload = async (bytes: number) => {
    await reloaded.reload(lines(bytes));
    const told = async () =>
      (await connect({ servers: reloaded.server.url }).then(closeLater)).info!.max_payload === bytes;
    await until(told, { what: 'new connections are told' });
  };
  const publish = async (
    { driver, definition }: Started,
    destination: Parameters<typeof definition.destination>[0],
  ) => {
    const outcomes = await driver.publish(definition.destination(destination), [SMALL, MIDDLE, SMALL]);
    return outcomes.map(verdict);
  };

  beforeAll(async () => {
    reloaded = await ReloadedServer.start(lines(MORE));
  });
  afterEach(async () => {
    await closeAll();
    await reload(MORE);
  });
  afterAll(() => reloaded.stop());

  const app = async () => {
    const by = await start({
      client: { servers: reloaded.server.url, reconnectTimeWait: 50 },
      confirmTimeoutMs: 2_000,
    });
    const name = uniqueName('S').replaceAll('-', '_');
    const nc = closeLater(await connect({ servers: reloaded.server.url }));
    await (await nc.jetstreamManager()).streams.add({ name, subjects: [`${name}.>`] });
    return { by, subjects: [uniqueName('core'), toStream(`${name}.a`)] };
  };

  it('and lowered costs one connection, after which what is too large is refused alone', async () => {
    const { by, subjects } = await app();
    await reload(LESS);
    const first = await publish(by, subjects[1]!);
    expect(first.filter((one) => one === REFUSED)).toEqual([]);
    const isUpAgain = () => by.states.includes('reconnecting') && by.states.at(-1) === 'up';
    await until(isUpAgain, { what: 'it is connected again', timeoutMs: 20_000 });
    for (const to of subjects) expect(await publish(by, to)).toEqual(['ok', REFUSED, 'ok']);
  });

  it('and raised holds from the next connection on', async () => {
    await reload(LESS);
    const { by, subjects } = await app();
    await reload(MORE);
    for (const to of subjects) expect(await publish(by, to)).toEqual(['ok', REFUSED, 'ok']);
    const again = await app();
    for (const to of again.subjects) expect(await publish(again.by, to)).toEqual(['ok', 'ok', 'ok']);
  });
});
