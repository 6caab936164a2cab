import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

type Value =
  | { stringValue: string }
  | { intValue: number | string }
  | { doubleValue: number }
  | { boolValue: boolean }
  | { arrayValue: { values: Value[] } };

interface KeyValue {
  readonly key: string;
  readonly value: Value;
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: readonly KeyValue[];
  }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface WirePoint {
  readonly attributes: readonly KeyValue[];
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number | string;
  readonly sum?: number;
}

interface WireMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: Points;
  readonly gauge?: Points;
  readonly histogram?: Points;
}

interface Points {
  readonly dataPoints: readonly WirePoint[];
}

interface Export {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly WireSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly WireMetric[] }[];
  }[];
}

type Attributes = Readonly<Record<string, unknown>>;

/** A span as a backend has it. */
export interface ReceivedSpan {
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
  readonly error: string | undefined;
}

/** One point of a metric. Of a histogram the value is its count. */
export interface ReceivedPoint {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly value: number;
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const ERROR = 2;

/** A collector that understands OTLP over HTTP with JSON, as OpenTelemetry's exporters send it. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Of the newest export. */
  points: ReceivedPoint[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        receiver.take(body);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    const receiver = new OtlpReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** Spans by name, such as `send orders`. */
  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  one(name: string): ReceivedSpan {
    const [span, ...others] = this.named(name);
    if (span === undefined || others.length > 0) {
      const all = this.spans.map((each) => each.name).join(', ');
      throw new Error(`${String(others.length + (span ? 1 : 0))} spans '${name}' among ${all}`);
    }
    return span;
  }

  pointsOf(name: string): ReceivedPoint[] {
    return this.points.filter((point) => point.name === name);
  }

  clear(): void {
    this.spans.length = 0;
    this.points = [];
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take({ resourceSpans = [], resourceMetrics }: Export): void {
    for (const { scopeSpans } of resourceSpans)
      for (const { scope, spans } of scopeSpans) for (const span of spans) this.spans.push(spanOf(scope.name, span));
    const scopes = resourceMetrics?.flatMap(({ scopeMetrics }) => scopeMetrics);
    if (scopes !== undefined) this.points = scopes.flatMap(({ metrics }) => metrics.flatMap(pointsOf));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Export> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString());
}

function spanOf(scope: string, wire: WireSpan): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, attributes, events = [], links = [], status } = wire;
  return {
    scope,
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    name,
    kind: KINDS[kind] ?? String(kind),
    attributes: attributesOf(attributes),
    events: events.map((event) => ({ name: event.name, attributes: attributesOf(event.attributes) })),
    links: links.map((link) => ({ ...link, attributes: attributesOf(link.attributes) })),
    error: status.code === ERROR ? (status.message ?? '') : undefined,
  };
}

function pointsOf({ name, unit, sum, gauge, histogram }: WireMetric): ReceivedPoint[] {
  const { dataPoints } = sum ?? gauge ?? histogram ?? { dataPoints: [] };
  return dataPoints.map(({ attributes, asInt, asDouble, count }: WirePoint) => ({
    name,
    unit,
    attributes: attributesOf(attributes),
    value: Number(asInt ?? asDouble ?? count),
  }));
}

function attributesOf(list: readonly KeyValue[]): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: Value): unknown {
  if ('arrayValue' in value) return value.arrayValue.values.map(valueOf);
  const [one] = Object.values(value);
  return 'intValue' in value ? Number(one) : one;
}
