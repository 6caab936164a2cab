import type { DeadLetterPlace } from '../../driver/index.js';
import { errorOf, type OptionNames, unknownOptions } from '../../errors/index.js';
import type { PageGuard } from './http/guard.js';

/** Who may do more than look. */
export interface PageAdmin {
  /**
   * Asked for every request that shows a payload or a key, redrives or publishes: a function of the request as Express or Fastify
   * hands it over, or a guard class of Nest. Anything but true, and anything thrown, refuses it.
   */
  readonly guard: PageGuard;
}

/** Options of the page, beside those of the document. */
export interface PageOptions {
  /** Asked for every request of the page, its documents and its live view included. Default: everybody may look. */
  readonly guard?: PageGuard;
  /** Who may look into payloads, redrive and publish. Default: nobody, the page is for reading. */
  readonly admin?: PageAdmin;
  /**
   * Whether an administrator may publish to a channel from the page. `true` has no effect where `NODE_ENV` is
   * `production`; `'in-production'` has. Default false.
   */
  readonly publish?: boolean | 'in-production';
  /**
   * Further places of dead letters to show, and of those that handlers park in what cannot be told from their wiring: the
   * stream of a subject, or each topic of `{source}`.
   */
  readonly deadLetters?: readonly DeadLetterPlace[];
  /** Whether the path begins with the global prefix of the application. Default false. */
  readonly useGlobalPrefix?: boolean;
}

const NAMES: OptionNames<PageOptions> = {
  guard: true,
  admin: true,
  publish: true,
  deadLetters: true,
  useGlobalPrefix: true,
};

/** The options without those of the page, which a document does not know. */
export function documentOptionsOf<T extends PageOptions>(options: T): Omit<T, keyof PageOptions> {
  const own = Object.entries(options).filter(([name]) => !Object.hasOwn(NAMES, name));
  return Object.fromEntries(own) as Omit<T, keyof PageOptions>;
}

/** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID: a misspelt guard would leave the page open */
export function checkPageOptions(options: PageOptions, others: Readonly<Record<string, true>>): void {
  const [unknown] = unknownOptions(options, { ...NAMES, ...others }, 'AsyncApi.setup(): ');
  if (unknown !== undefined) throw errorOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown });
  // As JavaScript may give them.
  const { guard, admin, publish, deadLetters, useGlobalPrefix }: { readonly [name in keyof PageOptions]?: unknown } =
    options;
  if (guard !== undefined && typeof guard !== 'function') throw mustBe('guard', 'a function or a guard class', guard);
  if (admin !== undefined && !hasGuard(admin)) {
    throw mustBe('admin', 'an object with a guard, a function or a guard class', admin);
  }
  if (publish !== undefined && typeof publish !== 'boolean' && publish !== 'in-production') {
    throw mustBe('publish', "true, false or 'in-production'", publish);
  }
  if (publish !== undefined && publish !== false && admin === undefined) {
    throw mustBe('publish', 'beside admin: the guard says who may publish', publish);
  }
  if (deadLetters !== undefined && !(Array.isArray(deadLetters) && deadLetters.every(isPlace))) {
    throw mustBe('deadLetters', 'a list of { broker, source }', deadLetters);
  }
  if (useGlobalPrefix !== undefined && typeof useGlobalPrefix !== 'boolean') {
    throw mustBe('useGlobalPrefix', 'true or false', useGlobalPrefix);
  }
}

function hasGuard(admin: unknown): boolean {
  return typeof admin === 'object' && admin !== null && 'guard' in admin && typeof admin.guard === 'function';
}

function isPlace(place: unknown): boolean {
  const { broker, source } = (place ?? {}) as Readonly<Record<'broker' | 'source', unknown>>;
  const isSource = typeof source === 'object' && source !== null && 'kind' in source;
  return typeof broker === 'string' && (isSource || (typeof source === 'string' && source !== ''));
}

/** Whether the page offers to publish. */
export const mayPublish = ({ publish = false, admin }: PageOptions, environment = process.env['NODE_ENV']): boolean =>
  admin !== undefined && (publish === 'in-production' || (publish && environment !== 'production'));

/** The error of an option, or of the path. */
export function mustBe(option: keyof PageOptions | 'path', expected: string, value: unknown): Error {
  const shown = typeof value === 'object' ? 'an object' : JSON.stringify(value);
  return errorOf('MULTI_BROKER_OPTION_INVALID.mustBe', {
    option: `AsyncApi.setup(): ${option}`,
    expected,
    value: shown,
  });
}
