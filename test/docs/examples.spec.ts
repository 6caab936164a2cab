import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];

/** Where no file is: the examples stand there for the compiler alone. */
const folder = path.join(root, 'docs', 'examples');
const globals = path.join(folder, 'globals.d.ts');
const GLOBALS = `declare const it: typeof import('@jest/globals').it; declare const expect: typeof import('@jest/globals').expect;`;

/** What is quoted from a file is compiled there. A block of several files says their names: `// bridge.ts`. */
function examples(): Map<string, string> {
  const files = new Map<string, string>([[globals, GLOBALS]]);
  for (const page of pages) {
    const text = readFileSync(path.join(root, page), 'utf8');
    for (const [whole, quoted, code] of text.matchAll(/(<!-- quoted from \S+ -->\n+)?```ts\n([\s\S]*?)```/g)) {
      if (quoted !== undefined) continue;
      const own = path.join(folder, page.replaceAll(/\W/g, '-'));
      const line = text.slice(0, text.indexOf(whole)).split('\n').length + 1;
      const [first, ...named] = code!.split(/^\/\/ ([\w.-]+\.ts)\b.*$/m);
      if (first!.trim() !== '') files.set(path.join(own, `line-${String(line)}.ts`), `${first!}\nexport {};`);
      for (let at = 0; at < named.length; at += 2) files.set(path.join(own, named[at]!), named[at + 1]!);
    }
  }
  return files;
}

/** The package as it is published, where an example looks for it. */
const installed = path.join(root, 'docs', 'node_modules', 'nestjs-multi-broker');

/** Where `npm run build` puts it. */
const built = path.join(root, 'dist', path.sep);

const configOf = (name: string) => {
  const config = ts.readConfigFile(path.join(root, name), (file) => readFileSync(file, 'utf8'));
  return ts.parseJsonConfigFileContent(config.config, ts.sys, root);
};

function published(): Map<string, string> {
  const { options, fileNames } = configOf('tsconfig.esm.json');
  const outDir = path.join(installed, 'dist', 'esm');
  const files = new Map<string, string>();
  const program = ts.createProgram(fileNames, { ...options, emitDeclarationOnly: true, outDir });
  program.emit(undefined, (name, text) => files.set(name, text), undefined, true);
  const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');
  return files.set(path.join(installed, 'package.json'), manifest.replaceAll('dist/cjs', 'dist/esm'));
}

/** As a library compiles that a user makes of it: with declarations, and the package's own checked. */
function problemsOf(examples: ReadonlyMap<string, string>): string[] {
  const files = new Map([...published(), ...examples]);
  const program = ts.createProgram([...examples.keys()], options, hostOf(files));
  const found = program.getSourceFiles().flatMap((source) => {
    if (!files.has(source.fileName)) return [];
    const declared = source.isDeclarationFile ? [] : program.getDeclarationDiagnostics(source);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source), ...declared];
  });
  return found.map(
    ({ file, start, messageText }) =>
      `${path.relative(folder, file!.fileName)}:${String(file!.getLineAndCharacterOfPosition(start!).line + 1)} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
}

const options: ts.CompilerOptions = {
  ...configOf('tsconfig.json').options,
  // An example need not use all that it declares.
  noUnusedLocals: false,
  noUnusedParameters: false,
  paths: {},
  declaration: true,
  skipLibCheck: false,
};

function hostOf(files: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.directoryExists = (name) =>
    name.startsWith(folder) || installed.startsWith(name) || name.startsWith(installed) || ts.sys.directoryExists(name);
  // A build of earlier sources would be found by the package's own name.
  host.fileExists = (file) => files.has(file) || (!file.startsWith(built) && fileExists(file));
  host.readFile = (file) => files.get(file) ?? readFile(file);
  delete host.realpath;
  return host;
}

it('every example of the documentation compiles as it stands, its imports included', () => {
  const files = examples();
  expect(files.size).toBeGreaterThan(10);
  expect(problemsOf(files)).toEqual([]);
}, 180_000);
