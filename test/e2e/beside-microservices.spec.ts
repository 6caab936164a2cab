import { Controller } from '@nestjs/common';
import { type CustomTransportStrategy, MessagePattern, Server } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import { MultiBroker, MultiBrokerModule, Payload, PublishTo, Subscribe } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { fakeBroker, FakeServer } from '../support/fake-kind.js';

/** A transport of Nest's own microservices that a test calls by itself. */
class HandCalled extends Server implements CustomTransportStrategy {
  listening = false;

  listen(started: () => void): void {
    this.listening = true;
    started();
  }

  close(): void {
    this.listening = false;
  }

  on(): void {}

  unwrap<T>(): T {
    throw new Error('There is nothing behind it');
  }

  get patterns(): string[] {
    return [...this.messageHandlers.keys()];
  }

  async call(pattern: string, data: unknown): Promise<unknown> {
    return lastValueFrom(this.transformToObservable(await this.messageHandlers.get(pattern)!(data)));
  }
}

@Controller()
class Both {
  @MessagePattern('double')
  double(@Payload() value: number) {
    return value * 2;
  }

  @Subscribe('orders', 'in')
  @PublishTo('orders', 'out')
  triple(@Payload() value: number) {
    return value * 3;
  }
}

describe('beside a transport of @nestjs/microservices', () => {
  const server = new FakeServer();
  let close = async (): Promise<void> => undefined;
  afterEach(() => close());

  it('one controller serves both, each its own methods, and both stop with the application', async () => {
    const transport = new HandCalled();
    const root = MultiBrokerModule.forRoot([fakeBroker({ name: 'orders', server })]);
    const compiled = await Test.createTestingModule({ imports: [root], controllers: [Both] }).compile();
    const app = compiled.createNestApplication();
    close = () => app.close();
    app.connectMicroservice({ strategy: transport });
    await app.startAllMicroservices();
    await app.init();

    expect(transport.patterns).toEqual(['double']);
    expect(await transport.call('double', 4)).toBe(8);
    await app.get(MultiBroker).default.publish('in', 5);
    await eventually(() => expect(server.published.map(({ queue }) => queue)).toEqual(['in', 'out']));
    expect(server.published.at(-1)!.body).toBe('15');

    await close();
    close = async () => undefined;
    expect(transport.listening).toBe(false);
    expect(app.get(MultiBroker).health().status).not.toBe('up');
  });
});
