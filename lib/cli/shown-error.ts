import { codeOf, stackWithCauses, withoutCredentials } from '../errors/index.js';

/** An error of an application in one line: its name, and the first line of its message. */
export function shownError(error: Error): string {
  const [line = ''] = error.message.trim().split(/\r?\n/, 1);
  const text = line === '' ? error.name : line;
  return withoutCredentials(isPlain(error) || line === '' ? text : `${error.name}: ${text}`);
}

/** An error in one line, with its code. */
export function errorLine(error: Error): string {
  const code = codeOf(error);
  const text = error.message.replace(/\s*[\r\n]+\s*/g, ' ');
  return withoutCredentials(code === undefined ? text : `[${code}] ${text}`);
}

/** An error with its stack and those of its causes. */
export function errorStack(error: Error): string {
  return withoutCredentials(stackWithCauses(error));
}

/** Whether its name says nothing that its message does not. */
const isPlain = ({ name }: Error): boolean => name === 'Error' || name === 'MultiBrokerError';
