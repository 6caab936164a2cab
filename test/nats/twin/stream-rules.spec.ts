import { describe, it } from '@jest/globals';
import { natsBroker } from '../../../lib/nats/index.js';
import { TwinServer } from '../../../lib/nats/twin/twin-server.js';
import { streamRules, type StreamWorld } from '../../support/nats/stream-rules.js';
import { TwinBench } from '../../support/twin-bench.js';

async function world(): Promise<StreamWorld> {
  const bench = new TwinBench();
  const definition = natsBroker({ name: 'events', client: {} });
  const driver = await bench.connect(definition);
  const server = bench.shared('twin:nats', () => new TwinServer(bench.clock));
  const until: StreamWorld['until'] = async (check) => {
    for (let turn = 0; !(await check()); turn++) {
      if (turn === 100) throw new Error(`it does not come to be: ${String(check)}`);
      await bench.advance(10);
    }
  };
  const kept = (): Promise<number> => Promise.resolve(server.stream('S')?.log.size ?? 0);
  return { definition, driver, name: 'S', kept, until, pass: (ms) => bench.advance(ms) };
}

describe('on the twin', () => {
  it.each(streamRules)('$title', async ({ prove }) => prove(await world()));
});
