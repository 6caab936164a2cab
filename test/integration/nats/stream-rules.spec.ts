import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, it, jest } from '@jest/globals';
import { connect } from 'nats';
import { streamRules, type StreamWorld } from '../../support/nats/stream-rules.js';
import { realBrokers, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { closeAll, closeLater, start } from './support.js';

jest.setTimeout(60_000);

async function world(): Promise<StreamWorld> {
  const { definition, driver } = await start();
  const nc = closeLater(await connect({ servers: realBrokers().nats }));
  const jsm = await nc.jetstreamManager();
  const name = uniqueName('RULES');
  closeLater({
    close: async () => {
      await jsm.streams.delete(name).catch(() => false);
    },
  });
  return {
    definition,
    driver,
    name,
    kept: async () => (await jsm.streams.info(name)).state.messages,
    until: async (check) => {
      await until(check, { what: String(check) });
    },
    // That something does not come can only be waited for.
    pass: (ms) => setTimeout(ms),
  };
}

whenBrokers(describe)('on a real server', () => {
  afterEach(closeAll);
  it.each(streamRules)('$title', async ({ prove }) => prove(await world()));
});
