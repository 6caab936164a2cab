#!/usr/bin/env bash
# OpenTelemetry's propagation neither reads kafkajs's headers nor writes NATS's, and says so neither time.
#
# Versions: @opentelemetry/api 1.9.1, @opentelemetry/core 2.12.1, nats 2.29.3; header values are Buffers in kafkajs 2.2.4.
# Expected: `propagation.extract(context, message.headers)` and `propagation.inject(context, headers())` carry the trace, or fail.
# Seen:     a `traceparent` whose value is a Buffer, as kafkajs hands every header over, is passed over: a new trace begins.
#           `inject` into the MsgHdrs of nats sets a property of that name on the object; nothing of it is among its
#           headers or on the wire. A name in another spelling (`Traceparent`, as Go's clients write it) is not found either.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.1 nats@2.29.3
cat >probe.mjs <<'EOF'
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { headers } from 'nats';

propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;
const read = (carrier) => trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier))?.traceId ?? 'no trace';

console.log(`text: ${read({ traceparent })}`);
console.log(`Buffer: ${read({ traceparent: Buffer.from(traceparent) })}`);
console.log(`other spelling: ${read({ Traceparent: traceparent })}`);
const written = headers();
propagation.inject(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 }), written);
console.log(`NATS headers: ${written.has('traceparent')}, a property of the object: ${written.traceparent === traceparent}`);
console.log(`on the wire: ${new TextDecoder().decode(written.encode()).includes(traceId)}`);
EOF
cat >expected <<'EOF'
text: 0af7651916cd43dd8448eb211c80319c
Buffer: no trace
other spelling: no trace
NATS headers: false, a property of the object: true
on the wire: false
EOF
node probe.mjs | tee seen
compare
