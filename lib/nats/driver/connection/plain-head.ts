import { CONTENT_TYPE } from '../../../codec/index.js';
import { CORRELATION_ID, HOPS, type PlainMessage } from '../../../driver/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { DEDUPE_HEADER, EXPECTED_STREAM_HEADER } from '../../header-names.js';

const START = `NATS/1.0\r\n${CORRELATION_ID}: `;

/** What stands between the ids of a message and behind them: most messages repeat it. */
interface Lines {
  readonly hops: string;
  readonly publisher: string | undefined;
  readonly stream: string | undefined;
  readonly contentType: string | undefined;
  readonly middle: string;
  readonly end: string;
}

/**
 * All that stands before the body of a {@link PlainMessage}, in one template: the same as {@link HeaderBlock} makes of its
 * `headers` and `dedupeId`. Joined text is copied into one piece when it is looked through, and again when it is joined to
 * more: here it is looked through as a whole, in the piece that is written.
 */
export class PlainHead {
  private last: Lines | undefined;

  /**
   * Assumes ASCII, which has as many bytes as characters.
   *
   * @returns undefined where a value breaks a line
   */
  text(
    to: NatsDestinationSpec,
    reply: string | undefined,
    message: PlainMessage,
    bodyBytes: number,
  ): string | undefined {
    const { id, publisher, hops, contentType, correlation = id } = message;
    const { subject, stream } = to;
    let lines = this.last;
    if (lines === undefined || lines.hops !== hops || lines.publisher !== publisher || lines.stream !== stream)
      this.last = lines = linesOf(hops, publisher, stream, contentType);
    else if (lines.contentType !== contentType) this.last = lines = linesOf(hops, publisher, stream, contentType);
    const { middle, end } = lines;
    const dedupe = publisher === undefined ? '' : id;
    const size = START.length + correlation.length + middle.length + dedupe.length + end.length;
    const line = `HPUB ${subject}${reply === undefined ? '' : ` ${reply}`} ${size} ${size + bodyBytes}\r\n`;
    const head = `${line}${START}${correlation}${middle}${dedupe}${end}`;
    const at = line.length + START.length;
    if (endOfLine(head, at) !== at + correlation.length) return undefined;
    if (publisher === undefined || id === correlation) return head;
    const from = at + correlation.length + middle.length;
    return endOfLine(head, from) === from + id.length + publisher.length ? head : undefined;
  }
}

/** Where the first line break behind this place begins; -1 where it is none of NATS. */
function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\r', from);
  return text.indexOf('\n', from) === at + 1 ? at : -1;
}

function linesOf(
  hops: string,
  publisher: string | undefined,
  stream: string | undefined,
  contentType: string | undefined,
): Lines {
  const type = contentType === undefined ? '' : `${CONTENT_TYPE}: ${contentType}\r\n`;
  const own = `\r\n${HOPS}: ${hops}\r\n${type}`;
  const expected = stream === undefined ? '\r\n' : `${EXPECTED_STREAM_HEADER}: ${stream}\r\n\r\n`;
  const [middle, end] =
    publisher === undefined ? [own, expected] : [`${own}${DEDUPE_HEADER}: `, `${publisher}\r\n${expected}`];
  return { hops, publisher, stream, contentType, middle: inOnePiece(middle), end: inOnePiece(end) };
}

const inOnePiece = (text: string): string => Buffer.from(text).toString();
