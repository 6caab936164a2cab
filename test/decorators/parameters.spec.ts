import { ParseIntPipe } from '@nestjs/common';
import { Ctx as NestCtx, Payload as NestPayload } from '@nestjs/microservices';
import { expect, it } from '@jest/globals';
import { Ctx, Payload } from '../../lib/index.js';

const stored = (target: object, method: string) =>
  Object.fromEntries(
    Object.entries(Reflect.getMetadata('__routeArguments__', target, method) as Record<string, object>).map(
      ([key, { index, data, pipes }]: [string, { index?: number; data?: unknown; pipes?: unknown }]) => [
        key,
        { index, data, pipes },
      ],
    ),
  );

class Ours {
  handle(
    @Payload() _a: unknown,
    @Ctx() _b: unknown,
    @Payload('id', ParseIntPipe) _c: number,
    @Payload(ParseIntPipe) _d: number,
  ) {}
}

class Nests {
  handle(
    @NestPayload() _a: unknown,
    @NestCtx() _b: unknown,
    @NestPayload('id', ParseIntPipe) _c: number,
    @NestPayload(ParseIntPipe) _d: number,
  ) {}
}

it('@Payload and @Ctx are kept as Nest keeps its own, so that both work on one handler', () => {
  expect(stored(Ours, 'handle')).toEqual(stored(Nests, 'handle'));
});

it('a parameter decorator of an inheriting class leaves that of its parent alone', () => {
  class More extends Ours {
    override handle(@Ctx() _a: unknown) {}
  }
  expect(Object.keys(stored(Ours, 'handle')).sort()).toEqual(['3:0', '3:2', '3:3', '6:1']);
  expect(Object.keys(stored(More, 'handle'))).toContain('6:0');
});
