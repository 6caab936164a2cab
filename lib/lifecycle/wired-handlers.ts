import type { Binding } from '../delivery/index.js';
import type { BrokerDefinition } from '../driver/index.js';
import { type MultiBrokerError, WiringError } from '../errors/index.js';
import { checkWiring, type HandlerDeclaration } from '../handlers/index.js';

type Definitions = ReadonlyMap<string, BrokerDefinition>;
type Options = Parameters<typeof checkWiring>[2];

/** What a late broker makes possible. */
export interface Admitted {
  readonly bindings: readonly Binding[];
  /** As if it had not come. */
  undo(): void;
}

/** The handlers of the application: found and checked once, and again when a broker was added before the start. */
export class WiredHandlers {
  private readonly problems: MultiBrokerError[] = [];
  private find: () => readonly HandlerDeclaration[] = () => [];
  private wired: readonly Binding[] | undefined;
  /** Those that wait for a broker that is not there yet. */
  private late: readonly HandlerDeclaration[] = [];
  private lateClaims: readonly Binding[] = [];

  /** Empty until they are checked. */
  get bindings(): readonly Binding[] {
    return this.wired ?? [];
  }

  /** The same with what those are to read that wait for a broker. */
  get claims(): readonly Binding[] {
    return [...this.bindings, ...this.lateClaims];
  }

  /** Who knows the handlers; asked whenever the wiring is checked. */
  explore(find: () => readonly HandlerDeclaration[]): void {
    this.find = find;
  }

  /** A mistake that the module found; told with all others. */
  problem(error: MultiBrokerError): void {
    this.problems.push(error);
  }

  /** There is one more broker: what was found has to be checked anew. */
  forget(): void {
    this.wired = undefined;
  }

  /** Finds and checks all handlers, once. @throws WiringError */
  check(definitions: Definitions, options: Options, others: readonly MultiBrokerError[]): void {
    if (this.wired !== undefined) return;
    const { bindings, waiting, claims, problems } = checkWiring(this.find(), definitions, options);
    const all = [...this.problems, ...others, ...problems];
    if (all.length > 0) throw new WiringError(all);
    this.wired = bindings;
    this.late = waiting;
    this.lateClaims = claims;
  }

  /**
   * The bindings that a late broker makes possible. They count as wired from now on, so that no other late broker
   * begins them a second time; `undo` takes that back. @throws WiringError
   */
  admit(definitions: Definitions, options: Options): Admitted {
    const { bindings, waiting, claims, problems } = checkWiring(this.late, definitions, options);
    if (problems.length > 0) throw new WiringError(problems);
    const begun = this.late.filter((declaration) => !waiting.includes(declaration));
    this.late = waiting;
    this.lateClaims = claims;
    this.wired = [...this.bindings, ...bindings];
    return {
      bindings,
      undo: () => {
        this.wired = this.bindings.filter((binding) => !bindings.includes(binding));
        this.late = [...this.late, ...begun];
        this.lateClaims = [...this.lateClaims, ...bindings];
      },
    };
  }
}
