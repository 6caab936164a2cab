import { median } from '../support/stats.js';
import type { Entrant, Row } from './rows.js';
import { faultOf, type Run } from './run.js';

/** All runs of one entrant; none where it could not be run, or failed. */
export interface Result {
  readonly row: Row;
  readonly entrant: Entrant;
  /** By round. */
  readonly runs: readonly (Run | undefined)[];
  /** Why runs are missing. */
  readonly failures: readonly string[];
}

/** Medians of an entrant, and of the library beside it in the same rounds. */
export interface Summary {
  readonly row: string;
  readonly entrant: string;
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly gc: number | undefined;
  readonly rssMb: number;
  readonly rateRatio: Spread | undefined;
  readonly cpuRatio: Spread | undefined;
}

/** The median of the rounds, the least and the most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Undefined without a run. */
export function summaryOf({ row, entrant, runs }: Result, library: Result): Summary | undefined {
  const done = runs.filter((run) => run !== undefined);
  if (done.length === 0) return undefined;
  const of = (value: (run: Run) => number): number => median(done.map(value));
  const pauses = done.flatMap(({ gc }) => gc ?? []);
  const ratio = (value: (run: Run) => number): Spread | undefined =>
    entrant.id === 'library' ? undefined : spreadOf(library.runs, runs, value);
  return {
    row: row.id,
    entrant: entrant.id,
    perSecond: of(({ perSecond }) => perSecond),
    cpuUs: of(({ cpuUs }) => cpuUs),
    gc: pauses.length === 0 ? undefined : median(pauses),
    rssMb: of(({ rssMb }) => rssMb),
    rateRatio: ratio(({ perSecond }) => perSecond),
    cpuRatio: ratio(({ cpuUs }) => cpuUs),
  };
}

/** Of each round, as both ran next to each other. */
function spreadOf(library: Result['runs'], others: Result['runs'], value: (run: Run) => number): Spread | undefined {
  const ratios = library.flatMap((run, round) => {
    const other = others[round];
    return run === undefined || other === undefined ? [] : value(run) / value(other);
  });
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

const HEAD = ['route', 'what', 'messages/s', 'CPU µs', 'GC', 'RSS MB', 'library: rate ×', 'library: CPU ×', 'arrived'];

/** As Markdown, aligned as prettier does it. */
export function tableOf(results: readonly Result[]): string {
  return markdown([HEAD, ...results.map((result) => line(result, libraryOf(result, results)))]);
}

function libraryOf({ row }: Result, results: readonly Result[]): Result {
  return results.find((other) => other.row === row && other.entrant.id === 'library')!;
}

function line(result: Result, library: Result | undefined): string[] {
  const { row, entrant, failures } = result;
  const summary = summaryOf(result, library ?? result);
  const begin = [entrant.id === 'library' ? row.title : '', entrant.name];
  if (summary === undefined) return [...begin, '', '', '', '', '', '', `not run: ${failures[0] ?? 'unknown'}`];
  return [
    ...begin,
    `${(summary.perSecond / 1_000).toFixed(1)}k`,
    summary.cpuUs.toFixed(1),
    summary.gc === undefined ? '' : `${(summary.gc * 100).toFixed(0)} %`,
    summary.rssMb.toFixed(0),
    shown(summary.rateRatio),
    shown(summary.cpuRatio),
    arrivedOf(result),
  ];
}

function shown(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  return `**${digits(spread.median)}** (${digits(spread.least)} to ${digits(spread.most)})`;
}

const digits = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

function arrivedOf({ runs, failures }: Result): string {
  const faults = [...runs.flatMap((run) => (run === undefined ? [] : (faultOf(run) ?? []))), ...failures];
  if (faults.length > 0) return `**${faults.join('; ')}**`;
  return runs.some((run) => run?.arrivals !== undefined) ? 'all' : 'not counted';
}

export function markdown(lines: readonly (readonly string[])[]): string {
  const [head, ...body] = lines;
  const widths = head!.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [row(head!), row(widths.map((width) => '-'.repeat(width))), ...body.map(row)].join('\n');
}
