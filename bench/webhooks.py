"""(a) Accepted webhooks of one intake process, against pgbench with the same statement."""

import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.messages import make_bodies, make_requests
from bench.sender import send_all
from bench.spending import Spent, spending
from bench.stand import bare_stand, intake
from services.intake.inbox import KEEP
from shared.embedded.binaries import find_postgres

CONNECTIONS = (1, 8, 32)
ROUNDS = 3
MESSAGES = {1: 1000, 8: 4000, 32: 6000}
PGBENCH_SECONDS = 3
FLOOR = "pgbench"


def bench_webhooks() -> None:
    print("(a) 受理：一个进程，逐条签名校验；与 pgbench 轮流，每格为各轮的中位数")
    with (
        bare_stand() as (environment, secrets, database_url),
        intake(environment, group_commit=False) as single,
        intake(environment, group_commit=True) as grouped,
        floor_script() as script,
    ):
        addresses = {"逐条提交": single, "成组提交": grouped}
        secret = secrets.sources["city-12345"]
        for connections in CONNECTIONS:
            measure(addresses, secret, connections, database_url=database_url, script=script)


def measure(
    addresses: dict[str, str], secret: str, connections: int, *, database_url: str, script: Path
) -> None:
    rates: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    tails: dict[str, list[tuple[float, float]]] = defaultdict(list)
    used: dict[str, Spent] = defaultdict(Spent)
    count = MESSAGES[connections]
    for _ in range(ROUNDS):
        with spending() as spent:
            floor = run_pgbench(database_url, script, connections)
        rates[FLOOR].append(floor)
        used[FLOOR] += spent
        for name, address in addresses.items():
            requests = make_requests(secret, count, datetime.now(UTC).isoformat())
            with spending() as spent:
                sent = send_all(address, requests, connections)
            rates[name].append(sent.rate)
            ratios[name].append(sent.rate / floor)
            tails[name].append((sent.percentile(0.5), sent.percentile(0.99)))
            used[name] += spent
    print(f"  {connections:>2} 个连接  {FLOOR} {median(rates[FLOOR]):8.0f}/s")
    for name in addresses:
        p50, p99 = (median(column) for column in zip(*tails[name], strict=True))
        total = count * ROUNDS
        print(
            f"              {name} {median(rates[name]):8.0f}/s  比值 {median(ratios[name]):.2f}"
            f"  p50 {p50:5.1f}  p99 {p99:5.1f} ms  {used[name].each(total)}"
            f"  发送方 {used[name].sender / total * 1000:.3f} ms"
        )


@contextmanager
def floor_script() -> Iterator[Path]:
    """Intake's own statement for one message, its values as the parameters of one round trip."""
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name:
        path = Path(name) / "keep.sql"
        statement = KEEP.replace("$2::uuid[]", "ARRAY[gen_random_uuid()]")
        statement = statement.replace("$9::bigint[]", "ARRAY[-(random() * 1e15)::bigint]")
        path.write_text(re.sub(r"\$(\d+)", r":v\1", statement).strip() + ";\n")
        yield path


def run_pgbench(database_url: str, script: Path, connections: int) -> float:
    """Transactions a second."""
    _, body = next(make_bodies(1, datetime.now(UTC).isoformat()))
    values = {
        1: "1",
        3: "{city-12345}",
        4: "{floor}",
        5: '{"\\\\x' + "ab" * 32 + '"}',
        6: '{"\\\\x' + body.hex() + '"}',
        7: "{ticket.created}",
        8: "{floor}",
        10: "{" + datetime.now(UTC).isoformat() + "}",
        11: "{pending}",
        12: "{NULL}",
        13: "{00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01}",
    }
    argv = [str(find_postgres().path("pgbench")), "-n", "-M", "prepared", "-T"]
    argv += [str(PGBENCH_SECONDS), "-c", str(connections), "-j", str(min(connections, 2))]
    argv += [part for key, value in values.items() for part in ("-D", f"v{key}={value}")]
    argv += ["-f", str(script), database_url]
    ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([\d.]+)", ran.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(ran.stderr)
    return float(found[1])
