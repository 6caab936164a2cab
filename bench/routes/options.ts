import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Options {
  readonly rounds: number;
  readonly messages: number;
  readonly only: RegExp;
  readonly json: string | undefined;
  readonly list: boolean;
}

const USAGE = `npm run bench -- [--rounds 3] [--messages 100000] [--only <row>] [--json <file> | --json=-] [--list]
  --only    an expression; of rows ("kafka-core"), or of rows and what is compared in them ("kafka-core/nest")
  --json    writes every run and the medians to a file; "-" prints them instead of the table
  --list    names the rows`;

/** Ends the process with the usage where it is not understood. */
export function readOptions(args: readonly string[]): Options {
  try {
    return parsed(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function parsed(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: process.env['ROUNDS'] ?? '3' },
      messages: { type: 'string', default: process.env['MESSAGES'] ?? '100000' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const { json, list } = values;
  const [rounds, messages] = [positive(values.rounds, 'rounds'), positive(values.messages, 'messages')];
  return { rounds, messages, only: new RegExp(values.only), json, list };
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a number of 1 or more, not ${text}`);
  return value;
}
