import type { StreamSourceSpec } from '../../source-spec.js';
import type { StreamInfo } from '../connection/jetstream-port.js';
import { list, mayMatch, streamDifferences, subjectsOf } from './stream-config.js';

/** What was changed in a stream while a source reads it, and would otherwise be noticed by the next start, or by nobody. */
export class AlteredStream {
  private found: readonly string[] = [];

  constructor(
    private readonly spec: StreamSourceSpec,
    private readonly log: (text: string) => void,
  ) {}

  healthIssues(): readonly string[] {
    return this.found;
  }

  /** Logs what was not found before. */
  looked(info: Pick<StreamInfo, 'config'>): void {
    const { found: before } = this;
    this.found = [this.differing(info), this.unmatched(info)].filter((one) => one !== undefined);
    for (const one of this.found) if (!before.includes(one)) this.log(one);
  }

  private differing({ config }: Pick<StreamInfo, 'config'>): string | undefined {
    const differing = streamDifferences(config, this.spec);
    if (differing === '') return undefined;
    return `${this.spec.name}: its stream was changed on the server, and the next start refuses it: ${differing}`;
  }

  /** The consumer goes on, and delivers what the stream holds from before. */
  private unmatched({ config }: Pick<StreamInfo, 'config'>): string | undefined {
    const { name, filter } = this.spec;
    if (filter === undefined || mayMatch(config, filter)) return undefined;
    return `${name} gets nothing new: its stream captures only ${list(subjectsOf(config))} now, which '${filter}' does not match`;
  }
}
