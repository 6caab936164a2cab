const COPIES = Symbol.for('nestjs-multi-broker.copies');

/**
 * Files from which copies of this package were loaded into the process, this one among them. More than one: the
 * classes of one are not those of the other, and `overrideModule(MultiBrokerModule)` of one leaves the other's brokers
 * real.
 */
export function loadedCopies(): readonly string[] {
  return [...registry()];
}

function registry(): Set<string> {
  const shared = globalThis as { [COPIES]?: Set<string> };
  return (shared[COPIES] ??= new Set());
}

/** Neither `import.meta` nor `__filename` is there in both module formats; a stack names the file in both. */
function thisFile(): string | undefined {
  const frame = new Error().stack?.split('\n')[1];
  // A test runner that evaluates the file again may add a query to its name.
  return frame && /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^?]*?)(?:\?[^:]*)?(?::\d+){1,2}\)?$/.exec(frame)?.[1];
}

const here = thisFile();
if (here !== undefined) registry().add(here);
