# FastStream's bridge from Kafka to NATS, as its documentation shows it, with its defaults (QUIET=1: without a line of log for
# each message). Prints one report, as bench/support/task.ts has it.
import asyncio
import json
import os
import resource
import time

from aiokafka.conn import AIOKafkaConnection
from faststream import FastStream
from faststream.kafka import KafkaBroker
from faststream.nats import NatsBroker

task = json.loads(os.environ["TASK"])
quiet = {"logger": None} if os.environ.get("QUIET") else {}
kafka = KafkaBroker(os.environ["KAFKA_BROKERS"], **quiet)
nats = NatsBroker(os.environ["NATS_URL"], **quiet)
app = FastStream(kafka, nats, **quiet)
handled = 0
began = None

FETCH = 1
plain_send = AIOKafkaConnection.send


def send(self, request, *args, **kwargs):
    """The clock starts with the first request for messages."""
    global began
    if began is None and request.API_KEY == FETCH:
        began = (time.perf_counter(), time.process_time())
    return plain_send(self, request, *args, **kwargs)


AIOKafkaConnection.send = send


@kafka.subscriber(task["source"], group_id=task["id"], auto_offset_reset="earliest")
@nats.publisher(task["target"])
async def forward(order: dict) -> dict:
    global handled
    handled += 1
    if handled == task["count"]:
        asyncio.get_running_loop().call_later(0, lambda: asyncio.ensure_future(end()))
    return {**order, "bridged": True}


async def end():
    # The last publish leaves after its handler, which takes a few turns of the event loop.
    await asyncio.sleep(0.01)
    at, cpu = began
    report = {
        "handled": handled,
        "ms": (time.perf_counter() - at) * 1000,
        "cpuMs": (time.process_time() - cpu) * 1000,
        "gcMs": None,
        "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print("REPORT " + json.dumps(report), flush=True)
    await asyncio.sleep(0.2)
    app.exit()


asyncio.run(app.run())
