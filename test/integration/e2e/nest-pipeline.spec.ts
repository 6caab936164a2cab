import {
  BadRequestException,
  type CanActivate,
  Catch,
  ClassSerializerInterceptor,
  type ExceptionFilter,
  Injectable,
  type PipeTransform,
  UnauthorizedException,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fromConfig, MultiBroker, type Broker, outgoing, Payload, PublishTo, Subscribe } from '../../../lib/index.js';
import { closeApps } from '../../support/app.js';
import { committedOffsets, createTopic, readAll, uniqueName, until, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

const said = 'name must be a string; count must be an integer';
const refuses: PipeTransform = {
  transform() {
    throw new BadRequestException(said.split('; '));
  },
};

@Catch()
class Swallows implements ExceptionFilter {
  catch() {}
}

/** One message handled by this class, which reads `topic` in `groupId`: the broker once it is committed. */
async function committed(type: new () => object, topic: string, groupId: string, more: object[] = []): Promise<Broker> {
  const app = await application([orders({ groupId })], [type, ...(more as never[])]);
  await app.init();
  const broker = app.get(MultiBroker).get('orders');
  await broker.publish(topic, { count: 'x' });
  await until(() => broker.health().counts.unsettled === 0 && broker.health().counts.failed === 1, {
    what: 'it fails',
  });
  await app.close();
  expect(await committedOffsets(groupId, topic)).toEqual([1]);
  return broker;
}

whenBrokers(describe)("Nest's pipeline on real brokers", () => {
  afterEach(closeApps);

  it('a message that a pipe refuses is committed after one call, and health says why', async () => {
    const [topic, groupId] = [await createTopic(uniqueName('pipe'), 1), uniqueName('group')];
    @Injectable()
    class Orders {
      @Subscribe('orders', topic)
      on(@Payload(refuses) _order: unknown) {}
    }
    const { counts, notes } = (await committed(Orders, topic, groupId)).health();
    expect(counts).toMatchObject({ failed: 1, rejected: 1, handled: 0 });
    expect(notes).toEqual([expect.stringContaining(said)]);
  });

  it('who asked is told what a pipe refuses', async () => {
    const subject = uniqueName('pipe').replaceAll('-', '.');
    @Injectable()
    class Prices {
      @Subscribe('events', subject)
      get(@Payload(refuses) _sku: unknown) {
        return 1;
      }
    }
    const app = await application([events()], [Prices]);
    await app.init();
    const asked = app.get(MultiBroker).get('events').request(subject, 1);
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining(said) });
  });

  it('a message whose failure a filter has dealt with is committed, and nothing is published', async () => {
    const [topic, out] = [await createTopic(uniqueName('in'), 1), await createTopic(uniqueName('out'), 1)];
    @Injectable()
    @UseFilters(new Swallows())
    class Orders {
      @Subscribe('orders', topic)
      @PublishTo('orders', out)
      on() {
        throw new Error('no stock');
      }
    }
    const { counts } = (await committed(Orders, topic, uniqueName('group'))).health();
    expect(counts).toMatchObject({ failed: 1, rejected: 0, handled: 1 });
    expect(await readAll(out)).toEqual([]);
  });

  it('outgoing() behind a serializer leaves with its key and headers', async () => {
    const [topic, out] = [await createTopic(uniqueName('in'), 1), await createTopic(uniqueName('out'), 1)];
    const transformerPackage = { classToPlain: (value: object) => ({ ...value, plain: true }) };
    const serializer = new ClassSerializerInterceptor(new Reflector(), { transformerPackage } as never);
    @Injectable()
    @UseInterceptors(serializer)
    class Orders {
      @Subscribe('orders', topic)
      @PublishTo('orders', out)
      on() {
        return outgoing({ id: 1 }, { key: 'k', headers: { own: 'yes' } });
      }
    }
    const app = await application([orders()], [Orders]);
    await app.init();
    const broker = app.get(MultiBroker).get('orders');
    await broker.publish(topic, 1);
    await until(() => broker.health().counts.handled === 1, { what: 'it is handled' });
    await app.close();
    const [record] = await readAll(out);
    expect(record).toMatchObject({ key: 'k', value: '{"id":1,"plain":true}', headers: { own: Buffer.from('yes') } });
  });

  it('globalEnhancers: false and options by fromConfig() hold', async () => {
    const topic = await createTopic(uniqueName('in'), 1);
    const groupId = uniqueName('configured');
    const calls: string[] = [];
    const guard: CanActivate = {
      canActivate() {
        calls.push('guard');
        throw new UnauthorizedException();
      },
    };
    @Injectable()
    class Orders {
      @Subscribe('orders', topic, fromConfig('GROUP', (group: string) => ({ groupId: group, globalEnhancers: false })))
      on() {
        calls.push('handler');
      }
    }
    const providers = [
      { provide: APP_GUARD, useValue: guard },
      { provide: 'GROUP', useValue: groupId },
    ];
    const app = await application([orders()], [Orders, ...(providers as never[])]);
    await app.init();
    await app.get(MultiBroker).get('orders').publish(topic, 1);
    await until(() => calls.length > 0, { what: 'it is handled' });
    await app.close();
    expect([calls, await committedOffsets(groupId, topic)]).toEqual([['handler'], [1]]);
  });
});
