#!/usr/bin/env bash
# What protobufjs finds right and writes as something else: a Date is 1970, a Map or an object for a Struct is empty.
#
# Versions: protobufjs 8.8.1, protobuf 7.36.2 (Python).
# Expected: what `verify` has no objection to is what a reader gets; what cannot be written is an error, as an ISO string for a
#           Timestamp is ("object expected"), and as all of it is in Python, or is understood there.
# Seen:     `verify` says null to each, and `fromObject` and `create` go on from it. They look only for the properties `seconds`
#           and `nanos` of a Timestamp, `fields` of a Struct and the enumerable ones of a map, find none, and write the message
#           empty: the time is 1970-01-01T00:00:00Z, and metadata are gone. Integers out of the type's range are cut to 32 bits:
#           3000000000 is negative, -1 for a uint32 is 4294967295. Python takes a datetime and dicts for what they are and
#           refuses both integers.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages protobufjs@8.8.1
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python protobuf==7.36.2
cat >read.py <<'EOF'
import datetime, json, sys
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, struct_pb2, timestamp_pb2

kind = descriptor_pb2.FieldDescriptorProto
file = descriptor_pb2.FileDescriptorProto(name="order.proto", package="shop", syntax="proto3")
file.dependency.extend(["google/protobuf/timestamp.proto", "google/protobuf/struct.proto"])
order = file.message_type.add(name="Order")
order.field.add(name="at", number=1, type=kind.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp", label=1)
order.field.add(name="meta", number=2, type=kind.TYPE_MESSAGE, type_name=".google.protobuf.Struct", label=1)
order.field.add(name="labels", number=3, type=kind.TYPE_MESSAGE, type_name=".shop.Order.LabelsEntry", label=3)
entry = order.nested_type.add(name="LabelsEntry")
entry.options.map_entry = True
entry.field.add(name="key", number=1, type=kind.TYPE_STRING, label=1)
entry.field.add(name="value", number=2, type=kind.TYPE_STRING, label=1)
order.field.add(name="cents", number=4, type=kind.TYPE_INT32, label=1)
order.field.add(name="left", number=5, type=kind.TYPE_UINT32, label=1)
pool = descriptor_pool.Default()
pool.Add(file)
Order = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


def shown(order):
    return json.dumps(json_format.MessageToDict(order))


if len(sys.argv) > 1:
    print(shown(Order.FromString(bytes.fromhex(sys.argv[1]))))
else:
    when = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    given = {"at": when, "meta": {"by": "web"}, "labels": {"by": "web"}, "cents": 3000000000, "left": -1}
    for name, value in given.items():
        try:
            print(f"Python, {name}: {shown(Order(**{name: value}))}")
        except ValueError as error:
            print(f"Python, {name}: {type(error).__name__}")
EOF
cat >probe.mjs <<'EOF'
import protobufjs from 'protobufjs';
import { execFileSync } from 'node:child_process';

const text = `syntax = "proto3"; package shop;
import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto";
message Order {
  google.protobuf.Timestamp at = 1; google.protobuf.Struct meta = 2; map<string, string> labels = 3; int32 cents = 4; uint32 left = 5;
}`;
// Both imports are files that protobufjs brings with it.
const root = new protobufjs.Root();
for (const name of ['timestamp', 'struct']) root.addJSON(protobufjs.common.get(`google/protobuf/${name}.proto`).nested);
const Order = protobufjs.parse(text, root).root.resolveAll().lookupType('shop.Order');
const given = {
  at: new Date('2026-01-02'),
  meta: { by: 'web' },
  labels: new Map([['by', 'web']]),
  cents: 3_000_000_000,
  left: -1,
};
const read = (bytes) => execFileSync('python3', ['read.py', Buffer.from(bytes).toString('hex')], { encoding: 'utf8' }).trim();
for (const [name, value] of Object.entries(given)) {
  const object = { [name]: value };
  const [made, created] = [Order.fromObject(object), Order.create(object)].map((order) => read(Order.encode(order).finish()));
  console.log(`${name}: verify ${Order.verify(object)}, fromObject ${made}, create ${created}`);
}
console.log(`at as a string: verify ${Order.verify({ at: '2026-01-02T00:00:00Z' })}`);
EOF
cat >expected <<'EOF'
at: verify null, fromObject {"at": "1970-01-01T00:00:00Z"}, create {"at": "1970-01-01T00:00:00Z"}
meta: verify null, fromObject {"meta": {}}, create {"meta": {}}
labels: verify null, fromObject {}, create {}
cents: verify null, fromObject {"cents": -1294967296}, create {"cents": -1294967296}
left: verify null, fromObject {"left": 4294967295}, create {"left": 4294967295}
at as a string: verify at.object expected
Python, at: {"at": "2026-01-02T00:00:00Z"}
Python, meta: {"meta": {"by": "web"}}
Python, labels: {"labels": {"by": "web"}}
Python, cents: ValueError
Python, left: ValueError
EOF
(PYTHONPATH=python node probe.mjs && PYTHONPATH=python python3 read.py) | tee seen
compare
