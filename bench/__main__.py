"""`make bench`: rates, latencies and CPU per operation, read off one run of the real stack.

CPU is that of every process of the stack but this one, which sends; Postgres is told apart.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

from services.cli.demo import free_base
from services.cli.folder import open_folder
from services.cli.stack import Wish, running_stack
from shared.domain.official import load_official_calendar
from shared.sandbox.year.driver import drive_year
from shared.sandbox.year.plan import plan_year
from shared.sandbox.year.wire import Wire

MESSAGES = 5000
CONNECTIONS = (1, 8, 32)
LOOPS = 300
FLOOR = Path(__file__).with_name("floor.sql")


@dataclass
class Spent:
    app: float = 0.0
    postgres: float = 0.0
    wall: float = 0.0


def processes() -> list[psutil.Process]:
    """Everything this process started, Postgres' own children included."""
    return list(psutil.Process().children(recursive=True))


def cpu() -> dict[tuple[int, bool], float]:
    found = {}
    for process in processes():
        try:
            times = process.cpu_times()
            found[(process.pid, process.name() == "postgres")] = times.user + times.system
        except psutil.Error:
            continue
    return found


@contextmanager
def spending() -> Iterator[Spent]:
    """CPU seconds of the stack's processes between two looks; those that ended are missed."""
    spent, before, began = Spent(), cpu(), time.perf_counter()
    yield spent
    spent.wall = time.perf_counter() - began
    for key, after in cpu().items():
        used = after - before.get(key, 0.0)
        if key[1]:
            spent.postgres += used
        else:
            spent.app += used


def signed_messages(secret: str, count: int, prefix: str) -> list[tuple[dict[str, str], bytes]]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = []
    for number in range(count):
        data = {
            "upstream_no": f"{prefix}-{number}",
            "appeal_type": "complaint",
            "urgency": "normal",
            "title": "压缩站旁垃圾满溢",
            "content": "模拟：小区门口压缩站旁垃圾满溢，夜间清运噪声扰民，请尽快处理。" * 3,
            "address": "静安区示例路100号旁",
            "street_name": "共和新路街道",
            "caller": {"name": "张测试", "phone": f"1990{number:07d}"},
            "is_anonymous": False,
            "is_confidential": False,
            "need_reply": True,
            "received_at": "2022-01-04T09:00:00+08:00",
        }
        message = {"type": "ticket.created", "timestamp": data["received_at"], "data": data}
        body = orjson.dumps(message)
        stamp, name = str(int(time.time())), f"{prefix}-{number}"
        digest = hmac.digest(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
            "content-type": "application/json",
        }
        made.append((headers, body))
    return made


async def push_all(ready: dict[str, Any], messages: Any, connections: int) -> list[float]:
    wire = Wire(ready["intake"], connections=connections)
    waiting = iter(messages)
    latencies: list[float] = []

    async def send() -> None:
        for headers, body in waiting:
            began = time.perf_counter()
            answer = await wire.call("POST", "/v1/webhooks/city-12345", headers, body=body)
            assert answer.status == 202, answer
            latencies.append(time.perf_counter() - began)

    await asyncio.gather(*(send() for _ in range(connections)))
    return sorted(latencies)


async def settle(ready: dict[str, Any]) -> None:
    wire = Wire(ready["intake"], connections=1)
    headers = {"content-type": "application/json"}
    answer = await wire.call("POST", "/sandbox/settle", headers, body=b'{"timeout_seconds":120}')
    assert answer.status == 200, answer


def line(name: str, count: int, spent: Spent, extra: str = "") -> None:
    app, postgres = spent.app / count * 1000, spent.postgres / count * 1000
    print(
        f"{name:<28}{count / spent.wall:8.0f}/s  app {app:6.2f} ms  pg {postgres:6.2f} ms"
        f"  together {app + postgres:6.2f} ms  {extra}"
    )


def bench_webhooks(ready: dict[str, Any]) -> None:
    secret = ready["sources"]["city-12345"]["secret"]
    for connections in CONNECTIONS:
        count = MESSAGES if connections > 1 else MESSAGES // 5
        messages = signed_messages(secret, count, f"B{connections}-{os.getpid()}")
        with spending() as accepted, spending() as applied:
            latencies = asyncio.run(push_all(ready, messages, connections))
            accepted_wall = time.perf_counter()
            asyncio.run(settle(ready))
        accepted.wall -= time.perf_counter() - accepted_wall
        p50, p99 = latencies[count // 2] * 1000, latencies[int(count * 0.99)] * 1000
        rate = count / accepted.wall
        print(f"(a) accepted, c={connections:<2} {rate:8.0f}/s  p50 {p50:.1f} ms  p99 {p99:.1f} ms")
        line(f"(b) and applied, c={connections}", count, applied)


def bench_loops(ready: dict[str, Any]) -> None:
    plan = plan_year(load_official_calendar(), tickets=LOOPS)
    with spending() as spent:
        drive = drive_year(plan, ready)
    line("(c) full loops", LOOPS, spent, f"{drive.calls} calls, {drive.calls / spent.wall:.0f}/s")


def bench_floor(ready: dict[str, Any]) -> None:
    """pgbench, where installed: an insert of the same width, as a floor to compare with."""
    if shutil.which("pgbench") is None:
        print("pgbench is not installed: no floor to compare with")
        return
    for connections in CONNECTIONS:
        argv = ["pgbench", "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", "4"]
        argv += ["-f", str(FLOOR), ready["database_url"]]
        ran = subprocess.run(argv, capture_output=True, text=True, check=False)
        tps = [one for one in ran.stdout.splitlines() if one.startswith("tps")]
        print(f"pgbench floor, c={connections:<2} {(tps or [ran.stderr[-200:]])[0]}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name:
        wish = Wish(open_folder(Path(name)), free_base(), sandbox=True)
        with running_stack(wish) as (_, ready):
            bench_loops(ready)
            bench_webhooks(ready)
            bench_floor(ready)


main()
