import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { lazily } from '../../lib/decorators/index.js';
import { MultiBroker, MultiBrokerModule } from '../../lib/index.js';
import { kafkaBroker } from '../../lib/kafka/index.js';
import { MultiBrokerTestingModule } from '../../lib/testing/index.js';

setFlagsFromString('--allow-natives-syntax');
/** Whether V8 still iterates over the arrays of the process by its short way, which one odd array ends for all of them. */
const isShort = runInThisContext('() => %ArrayIteratorProtector()') as () => boolean;

describe('the arrays of a process', () => {
  it('are iterated by V8’s short way after an application has begun, published and ended', async () => {
    expect(isShort()).toBe(true);
    const orders = kafkaBroker({ name: 'orders', client: { brokers: ['kafka:9092'] } });
    const roots = [MultiBrokerModule.forRoot([orders]), MultiBrokerModule.forRootAsync({ useFactory: () => [orders] })];
    for (const root of roots) {
      const app = await Test.createTestingModule({ imports: [root] })
        .overrideModule(MultiBrokerModule)
        .useModule(MultiBrokerTestingModule)
        .compile();
      await app.init();
      await app.get(MultiBroker).get('orders').publish('new', { id: 1 });
      await app.close();
    }
    expect(isShort()).toBe(true);
  });
});

describe('a list of a module that is computed when it is spread', () => {
  it('is computed each time, and is the list of all for those that do not spread it', () => {
    let asked = 0;
    const list = lazily(() => [++asked], [7, 8]);
    expect([[...list], [...list]]).toEqual([[1], [2]]);
    expect([JSON.stringify(list), list.map((one) => one + 1), Array.isArray(list)]).toEqual(['[7,8]', [8, 9], true]);
  });
});
