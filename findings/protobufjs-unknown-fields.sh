#!/usr/bin/env bash
# A patch release of protobufjs made each step that reads and writes again remove the fields that its schema does not know.
#
# Versions: protobufjs 8.6.1, 8.6.2 and 8.8.1, @bufbuild/protobuf 2.17.0, protobuf 6.33.0 (Python).
# Expected: unknown fields go through, as in Java, Go, C++ and Python since Protobuf 3.5: an enricher or bridge with last month's
#           schema does no harm to what newer services put in. Least of all does an update from x.y.1 to x.y.2.
# Seen:     protobufjs up to 8.0 drops them, 8.2.0 to 8.6.1 keep them, 8.6.2 and later drop them again: `currency` is gone behind
#           the step without an error, and a reader with the newer schema sees proto3's default, so that nobody can tell.
#           @bufbuild/protobuf and Python keep it. A message of nothing but newer fields leaves as 0 bytes, which on a way over
#           Kafka is easily taken for no value. `Reader.discardUnknown = false`, set once for the process, brings them back.
#           Meant so: protobufjs pull requests 2209 (keep) and 2310 (discard by default).
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages protobufjs-8.6.1@npm:protobufjs@8.6.1 protobufjs-8.6.2@npm:protobufjs@8.6.2 protobufjs@8.8.1 @bufbuild/protobuf@2.17.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python protobuf==6.33.0
cat >order.json <<'EOF'
{ "old": [["id", "string", 1], ["total", "int32", 2]], "new": [["id", "string", 1], ["total", "int32", 2], ["currency", "string", 3]] }
EOF
cat >probe.mjs <<'EOF'
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import protobufjs from 'protobufjs';
import protobufjs861 from 'protobufjs-8.6.1';
import protobufjs862 from 'protobufjs-8.6.2';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const schemas = JSON.parse(readFileSync('order.json', 'utf8'));
const text = (fields) => `syntax = "proto3"; package shop; message Order { ${fields.map(([n, t, i]) => `${t} ${n} = ${i};`).join(' ')} }`;
const ofProtobufjs = (library, fields) => library.parse(text(fields)).root.lookupType('shop.Order');
const New = ofProtobufjs(protobufjs, schemas.new);
const file = {
  ...{ name: 'order.proto', package: 'shop', syntax: 'proto3' },
  messageType: [
    {
      name: 'Order',
      field: schemas.old.map(([name, type, number]) => ({
        ...{ name, number, label: FieldDescriptorProto_Label.OPTIONAL },
        type: FieldDescriptorProto_Type[type.toUpperCase()],
      })),
    },
  ],
};
const oldOfBufbuild = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage('shop.Order');

// The step in the middle: one field changed, by a schema without `currency`.
const byProtobufjs = (library) => (bytes) => {
  const Old = ofProtobufjs(library, schemas.old);
  const order = Old.decode(bytes);
  if (order.total) order.total += 1;
  return Old.encode(order).finish();
};
const steps = {
  'protobufjs 8.6.1': byProtobufjs(protobufjs861),
  'protobufjs 8.6.2': byProtobufjs(protobufjs862),
  'protobufjs 8.8.1': byProtobufjs(protobufjs),
  '@bufbuild/protobuf'(bytes) {
    const order = fromBinary(oldOfBufbuild, bytes);
    order.total += 1;
    return toBinary(oldOfBufbuild, order);
  },
  Python: (bytes) => Buffer.from(execFileSync('python3', ['step.py', Buffer.from(bytes).toString('hex')], { encoding: 'utf8' }).trim(), 'hex'),
};
const sent = New.encode({ id: 'A1', total: 3, currency: 'JPY' }).finish();
console.log(`sent: ${JSON.stringify(New.decode(sent))}, ${sent.length} bytes`);
for (const [name, step] of Object.entries(steps)) {
  const bytes = step(sent);
  const order = New.decode(bytes);
  console.log(`behind ${name}: ${JSON.stringify(order)}, ${bytes.length} bytes, currency reads "${order.currency}"`);
}
const newer = New.encode({ currency: 'JPY' }).finish();
console.log(`currency alone, ${newer.length} bytes, behind protobufjs 8.8.1: ${steps['protobufjs 8.8.1'](newer).length} bytes`);
protobufjs.Reader.discardUnknown = false;
console.log(`8.8.1 with Reader.discardUnknown = false: ${JSON.stringify(New.decode(steps['protobufjs 8.8.1'](sent)))}`);
EOF
cat >step.py <<'EOF'
import json, sys
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

file = descriptor_pb2.FileDescriptorProto(name="order.proto", package="shop", syntax="proto3")
order = file.message_type.add(name="Order")
for name, kind, number in json.load(open("order.json"))["old"]:
    kinds = {"string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING, "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32}
    order.field.add(name=name, number=number, type=kinds[kind], label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
message = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order")).FromString(bytes.fromhex(sys.argv[1]))
message.total += 1
print(message.SerializeToString().hex())
EOF
cat >expected <<'EOF'
sent: {"id":"A1","total":3,"currency":"JPY"}, 11 bytes
behind protobufjs 8.6.1: {"id":"A1","total":4,"currency":"JPY"}, 11 bytes, currency reads "JPY"
behind protobufjs 8.6.2: {"id":"A1","total":4}, 6 bytes, currency reads ""
behind protobufjs 8.8.1: {"id":"A1","total":4}, 6 bytes, currency reads ""
behind @bufbuild/protobuf: {"id":"A1","total":4,"currency":"JPY"}, 11 bytes, currency reads "JPY"
behind Python: {"id":"A1","total":4,"currency":"JPY"}, 11 bytes, currency reads "JPY"
currency alone, 5 bytes, behind protobufjs 8.8.1: 0 bytes
8.8.1 with Reader.discardUnknown = false: {"id":"A1","total":4,"currency":"JPY"}
EOF
PYTHONPATH=python node probe.mjs | tee seen
compare
