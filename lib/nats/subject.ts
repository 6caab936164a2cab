import { MultiBrokerError } from '../errors/index.js';

/** What a subject is used for: only a subscription may hold wildcards. */
export type SubjectUse = 'publish' | 'subscribe';

/** nats-server closes the connection on a protocol line over 4,096 bytes (max_control_line); two subjects share one. */
const maxBytes = 1_024;

// nats.js writes what it is given, and the server reads these as protocol.
const blankOrControl = /[\s\u0000-\u001f\u007f]/;

/** Why the server would not take the subject for what it says, or undefined. */
export function subjectProblem(subject: string, use: SubjectUse): string | undefined {
  if (subject === '') return 'is empty';
  if (blankOrControl.test(subject)) return 'holds a blank, a line break or a control character';
  if (Buffer.byteLength(subject) > maxBytes) return `is longer than ${maxBytes} bytes`;
  // The client and the server accept `a..b`, and the message vanishes.
  if (subject.startsWith('.') || subject.endsWith('.') || subject.includes('..')) return 'holds an empty token';
  return wildcardProblem(subject, use);
}

function wildcardProblem(subject: string, use: SubjectUse): string | undefined {
  if (!subject.includes('*') && !subject.includes('>')) return undefined;
  const tokens = subject.split('.');
  if (use === 'publish') {
    return tokens.some((token) => token === '*' || token === '>') ? 'holds a wildcard' : undefined;
  }
  const tail = tokens.indexOf('>');
  return tail >= 0 && tail < tokens.length - 1 ? "holds '>' before its last token" : undefined;
}

/** Why the server would not take it for a queue group, or undefined. */
export function queueProblem(queue: string): string | undefined {
  if (queue === '') return 'is empty';
  if (blankOrControl.test(queue)) return 'holds a blank, a line break or a control character';
  return Buffer.byteLength(queue) > maxBytes ? `is longer than ${maxBytes} bytes` : undefined;
}

/**
 * Why the server would not take it for the name of a stream or consumer (it becomes a token of a subject), or
 * undefined.
 */
export function entityProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (blankOrControl.test(name)) return 'holds a blank, a line break or a control character';
  if (/[.*>/\\]/.test(name)) return 'holds one of . * > / \\';
  return Buffer.byteLength(name) > 255 ? 'is longer than 255 bytes' : undefined;
}

/** Throws MULTI_BROKER_ADDRESS_INVALID where there is a problem. */
export function refuse(problem: string | undefined, what: string, name: string, broker: string): void {
  if (problem === undefined) return;
  const text = `The ${what} ${shown(name)} of broker '${broker}' ${problem}`;
  throw new MultiBrokerError('MULTI_BROKER_ADDRESS_INVALID', text, { broker });
}

/** As JSON, so that a line break does not reach a log as one; cut, for it may be somebody's payload. */
const shown = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
