import type { Binding } from '../delivery/index.js';
import type { BrokerDefinition, WaitingHandler } from '../driver/index.js';
import { type MultiBrokerError, WiringError } from '../errors/index.js';
import { brokerName, checkWiring, type HandlerDeclaration } from '../handlers/index.js';

type Definitions = ReadonlyMap<string, BrokerDefinition>;
type Options = Parameters<typeof checkWiring>[2];

/** Bindings that a late broker makes possible. */
export interface Admitted {
  readonly bindings: readonly Binding[];
  /** Takes the admission back, if the broker could not be started. */
  undo(): void;
}

/** The handlers of the application, found and checked once; checked again if a broker is added before the start. */
export class WiredHandlers {
  private readonly problems: MultiBrokerError[] = [];
  private find: () => readonly HandlerDeclaration[] = () => [];
  private checked: readonly Binding[] | undefined;
  /** Handlers that wait for a broker that does not exist yet. */
  private late: readonly HandlerDeclaration[] = [];
  private lateClaims: readonly Binding[] = [];

  /** The bindings of all handlers that can be read; empty until the wiring is checked. */
  get bindings(): readonly Binding[] {
    return this.checked ?? [];
  }

  /** The bindings of all handlers, including those that wait for a broker. */
  get claims(): readonly Binding[] {
    return [...this.bindings, ...this.lateClaims];
  }

  /** Handlers whose own broker is not among these, and which therefore have no binding. */
  waitingFor(definitions: Definitions): readonly WaitingHandler[] {
    const all = this.late.map(({ handler, broker }) => ({ handler, broker: brokerName(broker) }));
    return all.filter(({ broker }) => !definitions.has(broker));
  }

  /** Sets the function that finds the handlers; it is called whenever the wiring is checked. */
  explore(find: () => readonly HandlerDeclaration[]): void {
    this.find = find;
  }

  /** Records a problem that the module found, to be reported with all others. */
  problem(error: MultiBrokerError): void {
    this.problems.push(error);
  }

  /** Discards the result of the check, as a broker was added. */
  invalidate(): void {
    this.checked = undefined;
  }

  /** Finds and checks all handlers, once. @throws WiringError */
  check(definitions: Definitions, options: Options, others: readonly MultiBrokerError[]): void {
    if (this.checked !== undefined) return;
    const { bindings, waiting, claims, problems } = checkWiring(this.find(), definitions, options);
    const all = [...this.problems, ...others, ...problems];
    if (all.length > 0) throw new WiringError(all);
    this.checked = bindings;
    this.late = waiting;
    this.lateClaims = claims;
  }

  /**
   * Wires the handlers that a late broker makes possible. They count as wired from now on, so that another late broker
   * does not start them a second time; `undo` takes that back. @throws WiringError
   */
  admit(definitions: Definitions, options: Options): Admitted {
    const { bindings, waiting, claims, problems } = checkWiring(this.late, definitions, options);
    if (problems.length > 0) throw new WiringError(problems);
    const before = this.late;
    const begun = before.filter((declaration) => !waiting.includes(declaration));
    this.late = waiting;
    this.lateClaims = claims;
    this.checked = [...this.bindings, ...bindings];
    return {
      bindings,
      undo: () => {
        this.checked = this.bindings.filter((binding) => !bindings.includes(binding));
        // In order of declaration: handlers of one source are asked in it.
        this.late = before.filter((declaration) => this.late.includes(declaration) || begun.includes(declaration));
        this.lateClaims = [...this.lateClaims, ...bindings];
      },
    };
  }
}
