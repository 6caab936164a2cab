const targets = [
  'Kafka (twin)',
  'Kafka (real)',
  'Kafka (real, @platformatic/kafka)',
  'core NATS (twin)',
  'core NATS (real)',
  'core NATS (real, @nats-io)',
  'JetStream (twin)',
  'JetStream (real)',
  'JetStream (real, @nats-io)',
  'JetStream (real, allowBatched)',
  'third driver',
];
const reasonFor = 'does not apply: ';
const [begin, end] = [/<!-- promises: [^>]* -->/, '<!-- /promises -->'];

/** Promise by target in Markdown; each reason stands below once, under a number. */
export function promiseTable(reports) {
  const columns = targets.map((name) => reports.find(({ target }) => target === name));
  const missing = targets.filter((_, index) => columns[index] === undefined);
  const reasons = [];
  const lines = rowsOf(reports).map(({ id, text }) => {
    const cells = columns.map((column) => cellOf(column?.rows.find((row) => row.id === id)?.result, reasons));
    return `| ${[id, text.replaceAll('|', '\\|'), ...cells].join(' | ')} |`;
  });
  const head = [`| | promise | ${targets.join(' | ')} |`, `| --- | --- | ${targets.map(() => ':-:').join(' | ')} |`];
  const notes = reasons.map((reason, index) => `${index + 1}. ${reason}`);
  return { table: [...head, ...lines, '', 'Does not apply, because:', '', ...notes].join('\n'), missing };
}

/** The text with the table between its markers. */
export function putTable(text, table) {
  const from = begin.exec(text);
  const to = text.indexOf(end);
  if (from === null || to < from.index) throw new Error('There are no markers of the table of promises');
  return `${text.slice(0, from.index + from[0].length)}\n\n${table}\n\n${text.slice(to)}`;
}

function rowsOf(reports) {
  const longest = [...reports].sort((one, other) => other.rows.length - one.rows.length)[0];
  return longest?.rows ?? [];
}

function cellOf(result, reasons) {
  if (result === 'kept') return '✓';
  if (!result?.startsWith(reasonFor)) return '✗';
  const reason = result.slice(reasonFor.length);
  if (!reasons.includes(reason)) reasons.push(reason);
  return `–<sup>${reasons.indexOf(reason) + 1}</sup>`;
}
