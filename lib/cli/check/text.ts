import type { Finding, Need } from '../../driver/index.js';
import type { CheckedBroker, CheckResult, Mistake } from './check.js';
import { faultsOf } from './verdict.js';

/** A check in text: the mistakes, or what each broker needs and how its server differs. */
export function checkText(result: CheckResult, strict: boolean): string {
  const { mistakes, handlers, brokers } = result;
  if (mistakes.length > 0) return mistakesText(mistakes);
  const wired = `Wiring: ${count(brokers.length, 'broker')}, ${count(handlers, 'handler')}, no mistakes`;
  const faults = faultsOf(result, strict);
  const end = brokers.some(({ comparison }) => comparison.state !== 'skipped') ? [verdict(faults, brokers)] : [];
  return [wired, ...brokers.map(brokerText), ...end].map((part) => `${part}\n`).join('\n');
}

/** The mistakes of the wiring, each with its code. */
export function mistakesText(mistakes: readonly Mistake[]): string {
  const lines = mistakes.map(({ code, message }) => `  [${code}] ${message}\n`);
  return `Wiring: ${count(mistakes.length, 'mistake')}\n${lines.join('')}`;
}

function verdict(faults: number, brokers: readonly CheckedBroker[]): string {
  if (faults > 0) return `${count(faults, 'fault')} found`;
  if (!brokers.some(({ comparison }) => comparison.state === 'compared')) return 'Nothing was compared';
  const not = brokers.flatMap(notCompared).join(', ');
  return `The servers have what the application needs${not && `, as far as they were compared: not ${not}`}`;
}

function notCompared({ name, comparison }: CheckedBroker): string[] {
  if (comparison.state !== 'compared') return [name];
  const unknown = comparison.findings.filter(({ problem }) => problem === 'unknown');
  return unknown.map((finding) => `${finding.what} ${finding.name}`);
}

function brokerText({ name, kind, hosts, needs, comparison }: CheckedBroker): string {
  const title = `${name} (${kind}${hosts.length === 0 ? '' : `, ${hosts.join(', ')}`})`;
  const needed = needs === undefined ? ['  its kind does not tell what it needs'] : table(needs.map(needRow));
  return [title, ...needed, ...comparisonLines(comparison)].join('\n');
}

function needRow({ what, name, permissions, note = '' }: Need): readonly string[] {
  return [what, name, permissions.join(', '), note];
}

function comparisonLines(comparison: CheckedBroker['comparison']): string[] {
  if (comparison.state === 'skipped') return [];
  if (comparison.state === 'unsupported') return ['  not compared: its kind cannot'];
  if (comparison.state === 'failed') return [`  not compared: ${comparison.reason}`];
  if (comparison.findings.length === 0) return ['  compared with the server: no difference'];
  return ['  compared with the server:', ...comparison.findings.map((finding) => `    ${findingText(finding)}`)];
}

function findingText({ problem, what, name, text, created }: Finding): string {
  const shown = problem === 'unknown' ? 'not compared' : problem;
  return `${created === true ? 'to be created' : shown}: ${what} ${name}: ${text}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['  nothing'];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}

const count = (number: number, what: string): string => `${String(number)} ${what}${number === 1 ? '' : 's'}`;
