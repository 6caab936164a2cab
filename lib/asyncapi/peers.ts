import { createRequire } from 'node:module';
import path from 'node:path';
import { errorOf } from '../errors/index.js';

const MISSING: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/**
 * An optional package: that of this package, else of the application in the current folder, which a linked installation
 * does not see. Undefined where it is not installed.
 */
export async function optionalPackage<T>(name: string, load: () => Promise<unknown>): Promise<T | undefined> {
  try {
    return exportsOf<T>(await load());
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
  try {
    return exportsOf<T>(createRequire(path.join(process.cwd(), 'package.json'))(name));
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** @throws MultiBrokerError MULTI_BROKER_PACKAGE_MISSING */
export async function neededPackage<T>(name: string, what: string, load: () => Promise<unknown>): Promise<T> {
  const loaded = await optionalPackage<T>(name, load);
  if (loaded === undefined) throw errorOf('MULTI_BROKER_PACKAGE_MISSING', { what, package: name });
  return loaded;
}

/** Jest has codes of its own errors only in the property. */
function isMissing(thrown: unknown): boolean {
  return MISSING.includes((thrown as { readonly code?: unknown } | null)?.code);
}

/** A CommonJS package as `import()` returns it has its exports under `default` where Node could not detect them. */
function exportsOf<T>(module: unknown): T {
  const { default: whole } = module as { readonly default?: unknown };
  const isWrapped = typeof whole === 'object' && whole !== null && !('__esModule' in (module as object));
  return (isWrapped ? { ...whole, ...(module as object) } : module) as T;
}
