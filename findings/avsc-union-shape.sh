#!/usr/bin/env bash
# Another branch in an Avro union, which every registry passes as compatible, changes what avsc makes of old messages, too.
#
# Versions: avsc 5.7.9, @kafkajs/confluent-schema-registry 3.9.0 (which reads by avsc), fastavro 1.12.1 (Python).
# Expected: ["null", "int"] may become ["null", "int", "double"]: a reader of the new schema gets 3 for a message that was
#           written with the old one, and the producer's code stays as it is.
# Seen:     avsc hands over 3 under the old schema and { int: 3 } under the new one, for the same bytes, since two branches of
#           numbers cannot be told apart by type: `price * 2` is NaN without an error. Writing 3 is refused from then on. With
#           ["null", "int", "string"] nothing changes: it depends on which branch comes along; an enum
#           beside a string has the same effect as a double beside an int. Python reads 3 each time. (avsc documents it as automatic wrapping of ambiguous
#           unions; the client of the registry leaves it at that unless told otherwise.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages avsc@5.7.9 @kafkajs/confluent-schema-registry@3.9.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python fastavro==1.12.1
cat >probe.mjs <<'EOF'
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import avro from 'avsc';
import registries from '@kafkajs/confluent-schema-registry';

const order = (...branches) => ({ type: 'record', name: 'Order', fields: [{ name: 'price', type: ['null', ...branches] }] });
const state = { type: 'enum', name: 'State', symbols: ['open', 'paid'] };
const schemas = [order('int'), order('int', 'double'), order('int', 'string'), order('string'), order('string', state)];
// A registry that knows schemas by number is all that the client needs to read.
const server = createServer((request, response) => {
  const schema = schemas[Number(request.url.split('/').at(-1)) - 1];
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ schema: JSON.stringify(schema) }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const registry = new registries.SchemaRegistry({ host: `http://127.0.0.1:${server.address().port}` });
const text = JSON.stringify;
const python = (bytes, writer, reader) =>
  execFileSync('python3', ['read.py', bytes.toString('hex'), text(writer), text(reader)], { encoding: 'utf8' }).trim();

async function read(writer, reader, value) {
  const bytes = avro.Type.forSchema(schemas[writer]).toBuffer(value);
  const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, writer + 1]), bytes]);
  const { price } = await registry.decode(framed, { AVRO: { readerSchema: schemas[reader] } });
  const branches = text(schemas[reader].fields[0].type.map((branch) => branch.name ?? branch));
  console.log(`written as ${text(value)}, read by ${branches}: ${text(price)}, Python ${python(bytes, schemas[writer], schemas[reader])}`);
}
await read(0, 0, { price: 3 });
await read(0, 1, { price: 3 });
await read(0, 2, { price: 3 });
await read(3, 3, { price: 'open' });
await read(3, 4, { price: 'open' });
const write = (schema) => registry.encode(schema + 1, { price: 3 }).then((bytes) => bytes.subarray(5).toString('hex'), (error) => error.message);
for (const schema of [0, 1, 2]) console.log(`{ price: 3 } written by ${text(schemas[schema].fields[0].type)}: ${await write(schema)}`);
server.close();
server.closeAllConnections();
EOF
cat >read.py <<'EOF'
import io, json, sys
import fastavro

data, writer, reader = sys.argv[1:]
order = fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(data)), json.loads(writer), json.loads(reader))
print(json.dumps(order["price"]))
EOF
cat >expected <<'EOF'
written as {"price":3}, read by ["null","int"]: 3, Python 3
written as {"price":3}, read by ["null","int","double"]: {"int":3}, Python 3
written as {"price":3}, read by ["null","int","string"]: 3, Python 3
written as {"price":"open"}, read by ["null","string"]: "open", Python "open"
written as {"price":"open"}, read by ["null","string","State"]: {"string":"open"}, Python "open"
{ price: 3 } written by ["null","int"]: 0206
{ price: 3 } written by ["null","int","double"]: invalid ["null","int","double"]: 3
{ price: 3 } written by ["null","int","string"]: 0206
EOF
PYTHONPATH=python node probe.mjs | tee seen
compare
