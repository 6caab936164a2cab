import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What deliveries and publishes call at each event, as if nobody had written it. */
const NOTHING: Readonly<Record<string, readonly (readonly [was: RegExp, is: string])[]>> = {
  'delivery/diagnostics.js': [
    [/(export function isCallTraced\([^)]*\) \{)/, '$1 return false;'],
    [/(export function trace(?:Joined|CallOver|Failure|Wait|Settlement|End|Loss)\([^)]*\) \{)/g, '$1 return;'],
  ],
  'delivery/send-trace.js': [[/(export function tracePublish\([^)]*\) \{)/, '$1 return pending;']],
};

/**
 * A copy of the built package and benchmark whose hooks for listeners are compiled to nothing: what nobody's listening
 * costs is the difference. Returns the folder of the benchmark.
 */
export function unobserved(): string {
  const root = path.resolve('.tmp', 'bench-unobserved');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  // By its name and exports, imports of the package within this folder find the copy.
  cpSync('package.json', path.join(root, 'package.json'));
  cpSync('dist', path.join(root, 'dist'), { recursive: true });
  cpSync(path.join('.tmp', 'bench'), path.join(root, 'bench'), { recursive: true });
  for (const [file, changes] of Object.entries(NOTHING)) {
    const found = path.join(root, 'dist', 'esm', file);
    let code = readFileSync(found, 'utf8');
    for (const [was, is] of changes) {
      const changed = code.replace(was, is);
      if (changed === code) throw new Error(`${file} has no ${String(was)}`);
      code = changed;
    }
    writeFileSync(found, code);
  }
  return path.join(root, 'bench');
}
