import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageStyle } from './graph/style.js';

/** One file that the page loads. */
export interface Asset {
  readonly contentType: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** Found by a stack, since neither `import.meta` nor `__filename` exists in both module formats. */
function folderOfThisFile(): string {
  const frame = new Error().stack?.split('\n')[1] ?? '';
  const file = /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^?]*?)(?:\?[^:]*)?(?::\d+){1,2}\)?$/.exec(frame)?.[1] ?? '';
  return path.dirname(file.startsWith('file:') ? fileURLToPath(file) : file);
}

const folder = path.join(folderOfThisFile(), 'assets');

/** The page's own files, by name. No other file of the folder is ever served. */
export function ownAssets(): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => path.extname(name) in TYPES);
  return new Map([
    ...names.map((name) => [name, assetOf(path.join(folder, name))] as const),
    ['picture.css', { contentType: 'text/css; charset=utf-8', body: Buffer.from(pageStyle()) }],
  ]);
}

/** Files of the optional package that renders the reference, by the names that the page gives them. */
const RENDERER = {
  'renderer.js': '@asyncapi/react-component/browser/standalone/without-parser.js',
  'renderer.css': '@asyncapi/react-component/styles/default.min.css',
} as const;

/** The files of `@asyncapi/react-component`; none where it is not installed. */
export function rendererAssets(): ReadonlyMap<string, Asset> {
  // From here, or from the application where the package manager keeps packages apart.
  for (const from of [path.join(folder, 'page.js'), path.join(process.cwd(), 'package.json')]) {
    const { resolve } = createRequire(from);
    try {
      return new Map(Object.entries(RENDERER).map(([name, file]) => [name, assetOf(resolve(file))]));
    } catch {
      // Not installed there.
    }
  }
  return new Map();
}

function assetOf(file: string): Asset {
  return { contentType: TYPES[path.extname(file)] ?? 'application/octet-stream', body: readFileSync(file) };
}
