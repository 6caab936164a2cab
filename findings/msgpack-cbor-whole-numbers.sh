#!/usr/bin/env bash
# A time in milliseconds is a floating-point number behind msgpackr and cbor-x, though MsgPack and CBOR have integers of 64 bits.
#
# Versions: msgpackr 2.1.4, @msgpack/msgpack 3.1.3, cbor-x 1.6.9, cborg 6.1.5; Python: msgpack 1.2.4, msgspec 0.23.0, cbor2 6.3.0.
# Expected: a whole number that JavaScript holds exactly is written as an integer, and read as one in a language that has them.
# Seen:     msgpackr and cbor-x write whole numbers of more than 32 bits, Date.now() among them, as doubles: Python gets
#           1767225600000.0, which is another text and another JSON, and where the reader's schema says int (msgspec), the record
#           is refused. A small number in the same field is written as an integer, so tests with ids like 7 show nothing, nor
#           does reading by JavaScript. @msgpack/msgpack and cborg write integers. Besides, undefined is an extension of msgpackr's
#           own, and cbor-x tags a Uint8Array (not a Buffer) as an array of numbers: Python gets neither None nor bytes.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages msgpackr@2.1.4 @msgpack/msgpack@3.1.3 cbor-x@1.6.9 cborg@6.1.5
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python msgpack==1.2.4 msgspec==0.23.0 cbor2==6.3.0
cat >probe.mjs <<'EOF'
import * as msgpack from '@msgpack/msgpack';
import * as cborx from 'cbor-x';
import * as cborg from 'cborg';
import * as msgpackr from 'msgpackr';

const writers = { msgpackr: msgpackr.pack, '@msgpack/msgpack': msgpack.encode, 'cbor-x': cborx.encode, cborg: cborg.encode };
const readers = { msgpackr: msgpackr.unpack, '@msgpack/msgpack': msgpack.decode, 'cbor-x': cborx.decode, cborg: cborg.decode };
const values = { 'id 7': 7, 'id 5000000000': 5_000_000_000, 'a time': 1_767_225_600_000, undefined, Uint8Array: Uint8Array.of(1, 2) };
for (const [name, write] of Object.entries(writers))
  for (const [what, value] of Object.entries(values)) {
    const bytes = Buffer.from(write({ v: value }));
    const own = readers[name](bytes).v;
    const same = typeof value === 'object' ? Buffer.compare(own, value) === 0 : own === value || own === null;
    console.log([name, what, same ? 'read back' : 'changed', bytes.toString('hex')].join('\t'));
  }
EOF
cat >read.py <<'EOF'
import sys
import cbor2, msgpack, msgspec


class Order(msgspec.Struct):
    v: int


for line in sys.stdin:
    writer, what, own, data = line.rstrip("\n").split("\t")
    data = bytes.fromhex(data)
    is_cbor = writer.startswith("cbor")
    value = (cbor2.loads if is_cbor else msgpack.unpackb)(data)["v"]
    told = f"{writer}, {what}: {own} by JavaScript, Python {value!r}"
    if not is_cbor and what[0] in "ia":
        try:
            told += f", as int {msgspec.msgpack.decode(data, type=Order).v}"
        except msgspec.ValidationError as error:
            told += f", as int: {error}"
    print(told)
EOF
cat >expected <<'EOF'
msgpackr, id 7: read back by JavaScript, Python 7, as int 7
msgpackr, id 5000000000: read back by JavaScript, Python 5000000000.0, as int: Expected `int`, got `float` - at `$.v`
msgpackr, a time: read back by JavaScript, Python 1767225600000.0, as int: Expected `int`, got `float` - at `$.v`
msgpackr, undefined: read back by JavaScript, Python ExtType(code=0, data=b'\x00')
msgpackr, Uint8Array: read back by JavaScript, Python b'\x01\x02'
@msgpack/msgpack, id 7: read back by JavaScript, Python 7, as int 7
@msgpack/msgpack, id 5000000000: read back by JavaScript, Python 5000000000, as int 5000000000
@msgpack/msgpack, a time: read back by JavaScript, Python 1767225600000, as int 1767225600000
@msgpack/msgpack, undefined: read back by JavaScript, Python None
@msgpack/msgpack, Uint8Array: read back by JavaScript, Python b'\x01\x02'
cbor-x, id 7: read back by JavaScript, Python 7
cbor-x, id 5000000000: read back by JavaScript, Python 5000000000.0
cbor-x, a time: read back by JavaScript, Python 1767225600000.0
cbor-x, undefined: read back by JavaScript, Python undefined
cbor-x, Uint8Array: read back by JavaScript, Python CBORTag(64, b'\x01\x02')
cborg, id 7: read back by JavaScript, Python 7
cborg, id 5000000000: read back by JavaScript, Python 5000000000
cborg, a time: read back by JavaScript, Python 1767225600000
cborg, undefined: read back by JavaScript, Python undefined
cborg, Uint8Array: read back by JavaScript, Python b'\x01\x02'
EOF
node probe.mjs >written
PYTHONPATH=python python3 read.py <written | tee seen
compare
