import { Observable } from 'rxjs';
import { PAYLOAD } from '../decorators/index.js';
import type { BindingShape } from '../delivery/index.js';
import type { PayloadShape } from '../driver/index.js';
import type { HandlerDeclaration } from './declaration.js';
import type { HandlerHost } from './handler-classes.js';
import { metadataOf } from './method-metadata.js';

/** What a handler's decorators and types tell of its messages. */
export function shapeOf({ options, publishTo, method }: HandlerDeclaration): BindingShape {
  const at = method?.host && { ...method.host, method: method.name };
  const type = at && (options.batch === undefined ? payloadType(at) : itemType(at));
  const declared: unknown = at && Reflect.getMetadata('design:returntype', prototypeOf(at), at.method);
  const returned = known(declared);
  return {
    payload: shape(options.schema, type),
    results: publishTo.map(({ options: { schema, when } }) => ({
      payload: shape(schema, returned),
      conditional: when !== undefined,
    })),
    filtered: options.filter !== undefined,
    returns: UNTOLD.includes(declared) ? undefined : shape(undefined, returned),
  };
}

type Method = HandlerHost & { readonly method: string };

function shape(schema: PayloadShape['schema'], type: unknown): PayloadShape {
  return { ...(schema !== undefined && { schema }), ...(type !== undefined && { type }) };
}

const prototypeOf = ({ instance }: Method): object => Object.getPrototypeOf(instance) as object;

/** The class of the parameter that gets the whole payload: the first one where none is decorated. */
function payloadType(method: Method): unknown {
  const place = placeOf(method);
  const types = Reflect.getMetadata('design:paramtypes', prototypeOf(method), method.method) as unknown;
  return place === undefined || !Array.isArray(types) ? undefined : known(types[place]);
}

function placeOf(method: Method): number | undefined {
  const { parameters } = metadataOf(method);
  const decorated = Object.entries(parameters);
  if (decorated.length === 0) return 0;
  const [payload] = decorated.find(([key, { data }]) => isPayload(key) && data === undefined) ?? [];
  return payload === undefined ? undefined : Number(payload.split(':')[1]);
}

const isPayload = (key: string): boolean => Number(key.split(':')[0]) === PAYLOAD;

/** The class of the items of an array, which TypeScript does not emit: that of a `ParseArrayPipe({ items })`. */
function itemType(method: Method): unknown {
  const payload = Object.entries(metadataOf(method).parameters).find(([key]) => isPayload(key));
  const options = (payload?.[1].pipes ?? []).map((pipe) => (pipe as { readonly options?: unknown } | null)?.options);
  const items = options.map((one) => (one as { readonly items?: unknown } | undefined)?.items);
  return known(items.find((item) => item !== undefined));
}

/** Declared types that do not tell whether there is a result: TypeScript emits a promise for every async method. */
const UNTOLD: readonly unknown[] = [Promise, Observable, undefined, null];

/** What TypeScript emits for a type that is no class says nothing. */
const UNKNOWN: readonly unknown[] = [...UNTOLD, Object, Array, Function];

function known(type: unknown): unknown {
  return UNKNOWN.includes(type) ? undefined : type;
}
