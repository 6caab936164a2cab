import type { PublishError } from '../../../errors/index.js';

/** The batches of one subject that are under way. */
export interface PublishLine {
  /** The first error after which a message is to be retried: nothing more of any of these batches is written. */
  refusal: PublishError | undefined;
}

interface OpenLine extends PublishLine {
  batches: number;
}

/** By subject. A line ends with the last of its batches: what is retried then begins a new one. */
export class PublishLines {
  private readonly lines = new Map<string, OpenLine>();

  /** Called before anything is awaited: a batch belongs to the line of the one before it, even if that one fails meanwhile. */
  join(subject: string): PublishLine {
    let line = this.lines.get(subject);
    if (line === undefined) this.lines.set(subject, (line = { refusal: undefined, batches: 0 }));
    line.batches++;
    return line;
  }

  leave(subject: string): void {
    const line = this.lines.get(subject);
    if (line !== undefined && --line.batches === 0) this.lines.delete(subject);
  }
}
