import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Broker,
  Ctx,
  getBrokerToken,
  InjectBroker,
  MessageContext,
  MultiBroker,
  MultiBrokerModule,
  Subscribe,
} from '../../lib/index.js';
import { closeApps, start } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});
afterEach(closeApps);

@Injectable()
class Service {
  constructor(
    @InjectBroker('b') readonly named: Broker,
    @InjectBroker() readonly byDefault: Broker,
    readonly all: MultiBroker,
  ) {}
}

/** Deep in the application, and it imports nothing of the library. */
@Module({ providers: [Service] })
class ServiceModule {}

const definitions = () => ['a', 'b'].map((name) => fakeBroker({ name, server }));

describe('a broker is injected', () => {
  it('by its name in every module, and without a name it is the first', async () => {
    const app = await start({ imports: [ServiceModule, MultiBrokerModule.forRoot(definitions())] });
    const { named, byDefault, all } = app.get(Service);
    expect([named.name, byDefault.name]).toEqual(['b', 'a']);
    expect(all.brokers.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('without a name as options.default says', async () => {
    const app = await start({ imports: [ServiceModule, MultiBrokerModule.forRoot(definitions(), { default: 'b' })] });
    expect(app.get(Service).byDefault.name).toBe('b');
    expect(app.get(MultiBroker).default.name).toBe('b');
  });

  it('as the object that MultiBroker.get() and the context of a message give', async () => {
    const seen: Broker[] = [];
    @Injectable()
    class Handler {
      @Subscribe('b', 'x')
      handle(@Ctx() { broker }: MessageContext) {
        seen.push(broker);
      }
    }
    const app = await start({
      imports: [ServiceModule, MultiBrokerModule.forRoot(definitions())],
      providers: [Handler],
    });
    const { named, all } = app.get(Service);
    await named.publish('x', 1);
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toBe(named);
    expect(all.get('b')).toBe(named);
    expect(app.get(getBrokerToken('b'))).toBe(named);
  });

  it('by a class that is itself injected by another name', () => {
    expect(getBrokerToken('b')).not.toBe(getBrokerToken('a'));
    expect(getBrokerToken()).not.toBe(getBrokerToken('default'));
  });
});

it('a broker overridden by its token in a test is only another object there: the registry keeps its own', async () => {
  const fake = { name: 'fake' };
  const moduleRef = await Test.createTestingModule({
    imports: [ServiceModule, MultiBrokerModule.forRoot(definitions())],
  })
    .overrideProvider(getBrokerToken('b'))
    .useValue(fake)
    .compile();
  await moduleRef.init();
  expect(moduleRef.get(Service).named).toBe(fake);
  expect(moduleRef.get(MultiBroker).get('b').name).toBe('b');
  await moduleRef.close();
});

it('a broker whose token nothing has asked for before is found by it all the same, and so is one of a feature module', async () => {
  const feature = MultiBrokerModule.forFeature([fakeBroker({ name: 'late-feature', server })]);
  const roots = [fakeBroker({ name: 'late-root', server })];
  const app = await start({ imports: [feature, MultiBrokerModule.forRoot(roots)] });
  for (const name of ['late-root', 'late-feature']) expect(app.get<Broker>(getBrokerToken(name)).name).toBe(name);
});

it('feature modules are told apart by a deep hash of them too, though none of their brokers is injected', async () => {
  const features = ['of-one', 'of-other'].map((name) => MultiBrokerModule.forFeature([fakeBroker({ name, server })]));
  const moduleRef = await Test.createTestingModule(
    { imports: [...features, MultiBrokerModule.forRoot(definitions())] },
    { moduleIdGeneratorAlgorithm: 'deep-hash' },
  ).compile();
  expect(moduleRef.get(MultiBroker).brokers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['of-one', 'of-other']),
  );
  await moduleRef.close();
});
