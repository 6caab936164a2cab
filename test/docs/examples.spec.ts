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

function problemsOf(files: ReadonlyMap<string, string>): string[] {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  // An example need not use all that it declares.
  const asUsers = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  const host = ts.createCompilerHost(asUsers);
  const { fileExists, readFile } = host;
  host.directoryExists = (name) => name.startsWith(folder) || ts.sys.directoryExists(name);
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  const program = ts.createProgram([...files.keys()], asUsers, host);
  const found = [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  return found.map(
    ({ file, start, messageText }) =>
      `${path.relative(folder, file!.fileName)}:${String(file!.getLineAndCharacterOfPosition(start!).line + 1)} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
}

it('every example of the documentation compiles as it stands, its imports included', () => {
  const files = examples();
  expect(files.size).toBeGreaterThan(10);
  expect(problemsOf(files)).toEqual([]);
});
