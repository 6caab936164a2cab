import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { EMPTY, map, Observable, of, retry, throwError } from 'rxjs';
import { Ctx, MessageContext, MessageKey, Payload, Subscribe } from '../../lib/index.js';
import { Handlers, type Way } from '../support/nest-handlers.js';

/**
 * The compiled function against Nest's own creator: a thousand handlers put together at random from a seed, called
 * both ways. Each part notes that it ran and in which async scope; notes, results and errors have to be the same.
 */
const storage = new AsyncLocalStorage<string>();
let notes: string[] = [];
const note = (what: string) => void notes.push(`${what} in ${storage.getStore() ?? 'none'}`);

/** A small generator of numbers (mulberry32), so that a failure can be run again by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const later = async <T>(value: T): Promise<T> => {
  await Promise.resolve();
  return value;
};
const fail = (what: string): never => {
  throw new Error(what);
};

const guards: ((name: string) => () => ReturnType<CanActivate['canActivate']>)[] = [
  (name) => () => (note(name), true),
  (name) => () => (note(name), later(true)),
  (name) => () => (note(name), of(true)),
];
const refusals: typeof guards = [
  (name) => () => (note(name), false),
  (name) => () => (note(name), later(false)),
  (name) => () => (note(name), EMPTY),
  (name) => () => (note(name), fail(name)),
];

const interceptors: ((name: string) => (next: CallHandler) => unknown)[] = [
  (name) => (next) => (note(name), next.handle()),
  (name) => (next) => next.handle().pipe(map((value) => (note(`${name} out`), [name, value]))),
  (name) => async (next) => (note(name), later(next.handle())),
  (name) => (next) => storage.run(name, () => next.handle()),
  (name) => (next) => new Observable((subscriber) => storage.run(name, () => next.handle().subscribe(subscriber))),
  () => (next) => next.handle().pipe(retry(1)),
  (name) => () => (note(name), of(name, name)),
  (name) => () => fail(name),
];

const pipes: ((name: string) => PipeTransform['transform'])[] = [
  (name) =>
    (value: unknown, { type, metatype, data }) => {
      note(`${name} ${type} ${String(metatype?.name)} ${String(data)}`);
      return value;
    },
  (name) => (value: unknown) => (note(name), later(value)),
  (name) => (value: unknown) => [name, value],
  (name) => () => fail(name),
];

const results: ((name: string) => unknown)[] = [
  () => undefined,
  () => null,
  () => 'value',
  () => [1, 2],
  () => later('later'),
  () => of(1, 2, 3),
  () => later(of(1, 2)),
  () => EMPTY,
  (name) => fail(name),
  (name) => Promise.reject(new Error(name)),
  (name) => throwError(() => new Error(name)),
];

const filters: ((name: string) => (error: Error) => unknown)[] = [
  (name) => (error) => (note(name), `${name} of ${error.message}`),
  (name) => (error) => (note(name), later(`${name} of ${error.message}`)),
  (name) => () => (note(name), of(1, 2)),
  (name) => (error) => (note(name), throwError(() => new Error(`${name} of ${error.message}`))),
  (name) => (error) => fail(`${name} of ${error.message}`),
  (name) => () => note(name),
];

const Custom = createParamDecorator((data: unknown, context: ExecutionContext) => {
  note(`custom ${context.getClass().name} ${context.getType()}`);
  return data === 'later' ? later('custom later') : 'custom';
});

const parameters: ((...pipes: PipeTransform[]) => ParameterDecorator)[] = [
  (...own) => Payload(...own),
  (...own) => Payload('id', ...own),
  () => Ctx(),
  (...own) => MessageKey(...own),
  (...own) => Custom('now', ...own),
  (...own) => Custom('later', ...own),
];

function classOf(seed: number): Type {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const some = <T, E>(name: string, from: readonly ((name: string) => T)[], make: (given: T) => E): E[] =>
    Array.from({ length: random(3) }, (_, place) => make(pick(from)(`${name} ${String(place)}`)));
  const pipe = (transform: PipeTransform['transform']): PipeTransform => ({ transform });
  const guard = (canActivate: () => ReturnType<CanActivate['canActivate']>): CanActivate => ({ canActivate });
  const interceptor = (intercept: (next: CallHandler) => unknown): NestInterceptor => ({
    intercept: (_, next) => intercept(next) as Observable<unknown>,
  });
  const filter = (give: (error: Error) => unknown): ExceptionFilter => {
    @Catch()
    class Filter implements ExceptionFilter {
      catch = give;
    }
    return new Filter();
  };
  // One random filter is enough: more than one of the same reach never run.
  const oneFilter = random(2) === 0 ? [] : [filter(pick(filters)('filter'))];
  const allGuards = [...some('guard', guards, guard), ...(random(8) === 0 ? [guard(pick(refusals)('refusal'))] : [])];
  const result = pick(results);

  @Injectable()
  @UseGuards(...allGuards)
  @UseFilters(...oneFilter)
  class Random {
    @Subscribe('orders', 'x')
    handle(...args: unknown[]) {
      note(`method with ${JSON.stringify(args.map((arg) => (arg instanceof MessageContext ? 'context' : arg)))}`);
      return result('method');
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Random.prototype, 'handle')!;
  UseInterceptors(...some('interceptor', interceptors, interceptor))(Random.prototype, 'handle', descriptor);
  const decorated = [0, 1, 2].filter(() => random(2) === 0);
  // When one parameter fails, Nest still starts what it has of the others, and throws it away: the compiled one stops.
  const usable = decorated.length > 1 ? pipes.slice(0, -1) : pipes;
  UsePipes(...some('pipe', usable, pipe))(Random.prototype, 'handle', descriptor);
  const types = [Object, String, MessageContext];
  Reflect.defineMetadata('design:paramtypes', [pick(types), pick(types), pick(types)], Random.prototype, 'handle');
  for (const index of decorated) {
    pick(parameters)(...some(`parameter ${String(index)}`, usable, pipe))(Random.prototype, 'handle', index);
  }
  return Random;
}

async function outcome(handlers: Handlers, way: Way): Promise<unknown> {
  notes = [];
  const came = await handlers.published('Random.handle', { id: 'i' }, way).then(
    (values) => ({ values }),
    (error: unknown) => ({ error: String(error) }),
  );
  await later(undefined);
  // With several decorated parameters Nest interleaves their pipes step by step; what each does is the same.
  return { came, notes: [...notes].sort(), last: notes.at(-1) };
}

describe('a compiled handler does what Nest does', () => {
  it.each(Array.from({ length: 10 }, (_, hundred) => hundred * 100))('seeds from %i', async (from) => {
    for (let seed = from; seed < from + 100; seed++) {
      const handlers = await Handlers.of({ providers: [classOf(seed)] });
      const [compiled, external] = [await outcome(handlers, 'compiled'), await outcome(handlers, 'external')];
      expect({ seed, ...(compiled as object) }).toEqual({ seed, ...(external as object) });
    }
  });
});
