import type { ModuleMetadata } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { findHosts } from '../../lib/handlers/handler-classes.js';
import { HandlerExplorer, resultItems } from '../../lib/handlers/index.js';
import { compiledCall } from '../../lib/handlers/pipeline/compiled-call.js';
import { externalCall } from '../../lib/handlers/pipeline/external-call.js';
import { creatorFor } from '../../lib/handlers/pipeline/nest-internals.js';
import { type ContextFields, contextOf, type TestContext } from './delivery-context.js';

/** How a handler is called: `explorer` is what the library chooses; the others are compared with each other. */
export type Way = 'compiled' | 'external' | 'explorer';
export const bothWays: Way[] = ['compiled', 'external'];

/** An application of providers and controllers whose handlers are called without any broker. */
export class Handlers {
  constructor(
    readonly app: TestingModule,
    readonly explorer: HandlerExplorer,
  ) {}

  static async of(metadata: ModuleMetadata): Promise<Handlers> {
    const app = await Test.createTestingModule(metadata).compile();
    await app.init();
    return new Handlers(app, new HandlerExplorer(app.get(ModulesContainer)));
  }

  /** Calls `Class.method`, and resolves to what it returned; rejects with what it threw. */
  async call(handler: string, payload?: unknown, way: Way = 'explorer', fields: ContextFields = {}): Promise<unknown> {
    return this.callIn(handler, contextOf(payload, fields), way);
  }

  async callIn(handler: string, context: TestContext, way: Way = 'explorer'): Promise<unknown> {
    return this.#calls(handler, way)(context);
  }

  /** The payloads of what it would publish. */
  async published(handler: string, payload?: unknown, way: Way = 'explorer'): Promise<unknown[]> {
    const items = (await resultItems(await this.call(handler, payload, way))) ?? [];
    const seen: unknown[] = [];
    if (Symbol.asyncIterator in items) for await (const { payload } of items) seen.push(payload);
    else for (const { payload } of [items].flat()) seen.push(payload);
    return seen;
  }

  #calls(handler: string, way: Way): (context: TestContext) => unknown {
    if (way === 'explorer') {
      const found = this.explorer.explore().declarations.find((declaration) => declaration.handler === handler);
      return (context) => found!.call(context);
    }
    const [className, method] = handler.split('.') as [string, string];
    const host = findHosts(this.app.get(ModulesContainer).values()).find((one) => one.className === className)!;
    const creator = creatorFor(this.app.get(ExternalContextCreator), host.module);
    return (way === 'compiled' ? compiledCall : externalCall)({ ...host, method }, creator);
  }
}
