/** One line of the table of promises. */
export interface PromiseRow {
  readonly id: string;
  readonly text: string;
  /** `kept`, `broken`, `not run`, or why it does not apply. */
  readonly result: string;
}

/** A skipped promise is a line like any other: what a suite leaves out must be seen. */
export function formatTable(name: string, rows: readonly PromiseRow[]): string {
  const kept = rows.filter(({ result }) => result === 'kept').length;
  const lines = rows.map(({ id, text, result }) => `  ${id.padEnd(4)}${text}: ${result}`);
  return [`Promises of ${name} (${kept} of ${rows.length} kept)`, ...lines].join('\n');
}
