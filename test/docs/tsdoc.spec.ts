import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries = [
  'index.ts',
  'kafka/index.ts',
  'nats/index.ts',
  'testing/index.ts',
  'health/index.ts',
  'telemetry/index.ts',
  'prometheus/index.ts',
  'asyncapi/index.ts',
  'driver/public.ts',
].map((file) => path.join(root, 'lib', file));
const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  experimentalDecorators: true,
  skipLibCheck: true,
  types: [],
});
const checker = program.getTypeChecker();

function exportsOf(entry: string): ts.Symbol[] {
  const file = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  return checker
    .getExportsOfModule(file)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

describe.each(entries.map((entry) => [path.relative(root, entry), entry]))('%s', (_name, entry) => {
  it('says of everything that it exports what it promises', () => {
    const exported = exportsOf(entry);
    expect(exported.length).toBeGreaterThan(0);
    const silent = exported.filter((symbol) => symbol.getDocumentationComment(checker).length === 0);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
