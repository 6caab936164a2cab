import type { Headers } from '../driver/index.js';

const ZEROS = /^0+$/;
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/]{0,255}(@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MOST_MEMBERS = 32;

/** W3C Trace Context: whoever meets an invalid `traceparent` ignores it. */
function isTraceParent(text: string): boolean {
  const [, version, trace = '', parent = '', more] = PARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || ZEROS.test(trace) || ZEROS.test(parent)) return false;
  return more === undefined || (version !== '00' && !/[^\x21-\x7e]/.test(more));
}

function isTraceState(text: string): boolean {
  const members = text.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const written = members.filter((member) => member !== '');
  return written.length > 0 && written.length <= MOST_MEMBERS && written.every((member) => MEMBER.test(member));
}

/** Adds trace context and baggage as they came, without what is invalid: nobody asked for it to cross. */
export function addTrace(crossed: Record<string, string>, headers: Headers): void {
  const { traceparent, tracestate, baggage } = headers;
  if (traceparent !== undefined && isTraceParent(traceparent)) {
    crossed['traceparent'] = traceparent;
    if (tracestate !== undefined && isTraceState(tracestate)) crossed['tracestate'] = tracestate;
  }
  if (baggage !== undefined && /^[\t\x20-\x7e]+$/.test(baggage)) crossed['baggage'] = baggage;
}
