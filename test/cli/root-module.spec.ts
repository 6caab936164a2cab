import { Module } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { rootModule } from '../../lib/cli/root-module.js';

@Module({ providers: [] })
class AppModule {}

@Module({ providers: [] })
class OtherModule {}

class Service {
  readonly name = 'service';
}

const dynamic = { module: OtherModule, providers: [] };

describe('the root module of a file', () => {
  it.each([
    ['AppModule, beside others', { OtherModule, AppModule }, AppModule],
    ['the default export, beside others', { OtherModule, default: AppModule }, AppModule],
    ['the only module, whatever its name', { OtherModule, Service, port: 3_000 }, OtherModule],
    ['one module by two names', { One: OtherModule, Two: OtherModule }, OtherModule],
    ['a dynamic module', { default: dynamic }, dynamic],
    ['that of a CommonJS file, whose exports are the default', { default: { OtherModule, AppModule } }, AppModule],
    ['that of a compiled default export', { default: { __esModule: true, default: OtherModule } }, OtherModule],
  ])('is %s', (_what, exported, module) => {
    expect(rootModule(exported, 'app.js', undefined).module).toBe(module);
  });

  it.each([
    ['an export', { AppModule, Other: OtherModule }, 'Other'],
    ['a class', { AppModule, Other: OtherModule }, 'OtherModule'],
    ['the class of a dynamic module', { AppModule, made: dynamic }, 'OtherModule'],
  ])('is the one that --module names, by the name of %s', (_what, exported, name) => {
    expect([OtherModule, dynamic]).toContain(rootModule(exported, 'app.js', name).module);
  });
});
