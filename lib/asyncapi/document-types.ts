/** A value of a JSON document. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** An object of a JSON document; fields that are undefined are left out. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** A reference to another part of the document. */
export interface Reference {
  readonly $ref: string;
}

/** Extensions of the specification: `x-handler`. */
export interface Extensions {
  readonly [name: `x-${string}`]: unknown;
}

/** The `info` of a document. */
export interface AsyncApiInfo extends Extensions {
  readonly title: string;
  /** Of the application, not of AsyncAPI. */
  readonly version: string;
  readonly description?: string;
  readonly termsOfService?: string;
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly license?: { readonly name: string; readonly url?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly externalDocs?: { readonly url: string; readonly description?: string };
}

/** A broker. */
export interface AsyncApiServer extends Extensions {
  readonly host: string;
  readonly protocol: string;
  readonly description?: string;
  readonly security?: readonly Reference[];
  readonly tags?: readonly { readonly name: string }[];
}

/** A schema of `components`: JSON Schema of draft 7. */
export type AsyncApiSchema = JsonObject;

/** A message of a channel. */
export interface AsyncApiMessage extends Extensions {
  readonly name: string;
  readonly title?: string;
  readonly summary?: string;
  readonly contentType?: string;
  readonly headers?: Reference;
  readonly payload?: Reference | JsonObject;
  readonly examples?: readonly { readonly payload: unknown }[];
}

/** A topic, subject or stream of one broker. */
export interface AsyncApiChannel extends Extensions {
  /** Null where only the server knows it. */
  readonly address: string | null;
  readonly title?: string;
  readonly servers: readonly Reference[];
  readonly messages: Readonly<Record<string, AsyncApiMessage>>;
  readonly parameters?: Readonly<Record<string, { readonly description: string }>>;
  readonly bindings?: Readonly<Record<string, object>>;
}

/** What the application does with a channel. */
export interface AsyncApiOperation extends Extensions {
  readonly action: 'receive' | 'send';
  readonly channel: Reference;
  readonly title?: string;
  readonly summary?: string;
  readonly messages?: readonly Reference[];
  readonly bindings?: Readonly<Record<string, object>>;
  readonly reply?: AsyncApiReply;
  /** `Class.method`: what a handler receives and sends has the same. */
  readonly 'x-handler'?: string;
}

/** How a request is answered. */
export interface AsyncApiReply {
  readonly address?: { readonly location: string; readonly description?: string };
  readonly channel?: Reference;
  readonly messages?: readonly Reference[];
}

/** A document of AsyncAPI 3.1. It is plain JSON. */
export interface AsyncApiDocument extends Extensions {
  readonly asyncapi: '3.1.0';
  readonly id?: string;
  readonly info: AsyncApiInfo;
  readonly defaultContentType: string;
  /** By the name of the broker. */
  readonly servers: Readonly<Record<string, AsyncApiServer>>;
  /** By `broker/address`. */
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, AsyncApiSchema>>;
    readonly securitySchemes?: Readonly<Record<string, JsonObject>>;
  };
}
