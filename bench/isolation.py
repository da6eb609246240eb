"""(r) What row-level security costs: the same calls with and without it, alternated in one run.

CPU of the service asked and of Postgres, as the services' role. The tickets are copies of one that
was handled through the API, spread over the units.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg
import orjson
import psutil

from bench.course import JSON, UNIT, Office, plan_acts
from bench.loops import virtual_now
from bench.messages import make_bodies
from bench.scores.resources import find_service, run_time
from bench.stand import counting_postgres, sandbox
from bench.statements import still_worker
from services.cli.addresses import DATABASE, OWNER

TICKETS, UNITS = int(os.environ.get("N", "100000")), 30
TURNS, CALLS, WARM = 6, 40, 15
FIRST_COPY = 10_000_000
COPIED = (
    *("tickets", "ticket_events", "ticket_texts", "clocks", "callers", "ticket_units"),
    *("facts", "fact_versions"),
)
OF_UNIT = (
    "CASE WHEN i % {units} = 0 THEN '{own}' ELSE 'unit-' || lpad((i % {units})::text, 2, '0') END"
)
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0"
    " AND NOT attisdropped AND attname NOT IN ('position', 'xid') ORDER BY attnum"
)
MAKE_UNITS = (
    "INSERT INTO units (bureau_id, unit_id, parent_id, kind, name, trades, depth)"
    " SELECT bureau_id, 'unit-' || lpad(i::text, 2, '0'), parent_id, kind, name || i, trades, depth"
    " FROM units CROSS JOIN generate_series(1, $1::int - 1) AS i WHERE unit_id = $2"
)
MAKE_SUMS = (
    'INSERT INTO sums (bureau_id, "by", key, month, counts)'
    " SELECT s.bureau_id, 'unit', u.unit_id, s.month, s.counts FROM sums AS s JOIN units AS u"
    " ON u.unit_id LIKE 'unit-%' WHERE s.\"by\" = 'unit' AND s.key = $1"
)
WALLED = (
    "SELECT DISTINCT p.polrelid::regclass::text AS name FROM pg_policy AS p"
    " WHERE p.polname = 'bureau' ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """`path` by the number of the call; with a `body` it is an action, once for each ticket."""

    name: str
    who: str
    path: Callable[[int], str]
    service: str = "dispatch"
    body: Mapping[str, Any] | None = None


def list_path(number: int) -> str:
    return f"/v1/tickets?limit=50&sort={'due' if number % 2 else '-received'}"


def no_of(number: int) -> str:
    """Of a copy led by the unit that asks."""
    return f"T20250101-{number % (TICKETS // UNITS - 1) * UNITS + UNITS:06}"


CONTACT = {"result": "reached", "mode": "phone", "content": "已告知"}
PROBES = (
    Probe("列表，受理员", "desk", list_path),
    Probe("列表，单位", "unit", list_path),
    Probe("搜索，受理员", "desk", lambda n: f"/v1/tickets?limit=50&q=%E5%8F%B7{n % 90 + 10}"),
    Probe("一件，受理员", "desk", lambda n: f"/v1/tickets/{no_of(n)}"),
    Probe("一件，单位", "unit", lambda n: f"/v1/tickets/{no_of(n)}"),
    Probe("操作，单位", "unit", lambda n: f"/v1/tickets/{no_of(n)}/contact", body=CONTACT),
    Probe("考核表，受理员", "desk", lambda _: "/v1/scores?period=2026-11&by=unit", "scoring"),
    Probe("考核表，单位", "unit", lambda _: "/v1/scores?period=2026-11&by=unit", "scoring"),
)  # fmt: skip


@dataclass
class Spent:
    """CPU milliseconds a call, one figure for each turn."""

    app: list[float] = field(default_factory=list)
    postgres: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"服务 {median(self.app):6.3f} 数据库 {median(self.postgres):6.3f}"

    @property
    def both(self) -> float:
        return median(self.app) + median(self.postgres)


def bench_isolation(tickets: int = TICKETS) -> None:
    with counting_postgres() as postgres:
        named = {DATABASE: postgres.app_url, OWNER: postgres.owner_url}
        with sandbox(named) as ready:
            asyncio.run(compare(ready, postgres.superuser_url, tickets))


async def compare(ready: Mapping[str, Any], superuser_url: str, tickets: int) -> None:
    inside = await asyncpg.connect(superuser_url.rpartition("/")[0] + "/minhu")
    office = Office(ready, connections=1)
    (name, body), *_ = make_bodies(1, virtual_now(ready))
    no = await office.wait_for_ticket(await office.push(name, body))
    for act in list(plan_acts())[:3]:
        await office.act(no, act)
    await office.settle()
    await multiply(inside, no, tickets)
    found = {(probe.name, walled): Spent() for probe in PROBES for walled in (True, False)}
    calls = iter(range(1, 10**9))
    with still_worker():
        for turn in range(TURNS):
            for walled in (True, False) if turn % 2 else (False, True):
                await switch(inside, walled=walled)
                for probe in PROBES:
                    await measure(office, probe, calls, found[probe.name, walled])
    await switch(inside, walled=True)
    await inside.close()
    office.close()
    show(found, tickets)


async def multiply(inside: asyncpg.Connection, no: str, tickets: int) -> None:
    ticket_id = await inside.fetchval("SELECT ticket_id FROM tickets WHERE no = $1", no)
    await inside.execute(MAKE_UNITS, UNITS, UNIT)
    await inside.execute("UPDATE bureaus SET config_version = config_version + 1")
    of_unit = OF_UNIT.format(units=UNITS, own=UNIT)
    number = "'T20250101-' || lpad(i::text, 6, '0')"
    earlier = "{0} - make_interval(mins => i % 40000)"
    changed = {
        "ticket_id": f"{FIRST_COPY} + i",
        "no": number,
        **dict.fromkeys(
            ("lead_unit", "unit", "unit_id"),
            f"CASE WHEN {{0}} = '{UNIT}' THEN {of_unit} ELSE {{0}} END",
        ),
        **dict.fromkeys(
            ("fold", "data"),
            f"replace(replace({{0}}::text, '{UNIT}', {of_unit}), '{no}', {number})::jsonb",
        ),
        "body": "{0} || '号' || i",
    }
    for table in COPIED:
        if table == "tickets":
            changed |= {"received_at": earlier, "due_at": earlier}
        else:
            changed |= {"received_at": "{0}", "due_at": "{0}"}
        names = [row["attname"] for row in await inside.fetch(COLUMNS, table)]
        values = [changed.get(name, "{0}").format(f'o."{name}"') for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        await inside.execute(
            f"INSERT INTO {table} ({listed}) SELECT {', '.join(values)} FROM {table} AS o"
            f" CROSS JOIN generate_series(1, {tickets}) AS i WHERE o.ticket_id = {ticket_id}"
        )
    await inside.execute(MAKE_SUMS, UNIT)
    await inside.execute("VACUUM ANALYZE")


async def switch(inside: asyncpg.Connection, *, walled: bool) -> None:
    word = "ENABLE" if walled else "DISABLE"
    for row in await inside.fetch(WALLED):
        await inside.execute(f"ALTER TABLE {row['name']} {word} ROW LEVEL SECURITY")


async def measure(office: Office, probe: Probe, calls: Any, spent: Spent) -> None:
    """Every plan is made anew after a switch: the first calls are not counted."""
    wire = office.scoring if probe.service == "scoring" else office.dispatch
    for number in range(WARM + CALLS):
        if number == WARM:
            app, postgres = look(probe.service)
        one = next(calls)
        headers = office.bearer(probe.who) | JSON | {"idempotency-key": f"bench-{one}"}
        method = "GET" if probe.body is None else "POST"
        sent = b"" if probe.body is None else orjson.dumps(probe.body)
        answer = await wire.call(method, probe.path(one), headers, body=sent)
        assert answer.status == 200, (probe.name, answer)
    now_app, now_postgres = look(probe.service)
    spent.app.append((now_app - app) / CALLS * 1000)
    spent.postgres.append((now_postgres - postgres) / CALLS * 1000)


def look(service: str) -> tuple[float, float]:
    servers = []
    for one in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):
            servers += [one.pid] if one.name() == "postgres" else []
    return run_time([find_service(service).pid]), run_time(servers)


def show(found: Mapping[tuple[str, bool], Spent], tickets: int) -> None:
    print(f"(r) 行级隔离：{tickets} 件、{UNITS} 个单位，每次调用的 CPU（毫秒，{TURNS} 轮的中位数）")
    for probe in PROBES:
        bare, walled = found[probe.name, False], found[probe.name, True]
        more = (walled.both / bare.both - 1) * 100
        print(f"      {probe.name:<8} 无：{bare}  有：{walled}  合计 {more:+5.1f} %", flush=True)
