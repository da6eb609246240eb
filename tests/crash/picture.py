"""All that Postgres holds at the end, told so that two runs can be laid side by side.

What is drawn at random or counted on by every attempt (salts, transaction ids, sequences, the
server's own clock) is left out or numbered anew; everything else must be equal.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from shared.models import metadata

STANDING = frozenset(
    {
        "api_keys",
        "bureaus",
        "calendar_days",
        "calendars",
        "limits",
        "sandbox_clock",
        "source_secrets",
        "sources",
        "transaction_bases",
        "units",
    }
)
CHANGING = tuple(name for name in sorted(metadata.tables) if name not in STANDING)
# By the server's own clock, at random, or from a sequence that a rolled back attempt has used.
VOLATILE = frozenset(
    {
        "arrival",
        "created_at",
        "first_failed_at",
        "known_xid",
        "last_failed_at",
        "lease",
        "leased_until",
        "position",
        "request_hash",
        "salt",
        "sealed",
        "token",
        "trace",
        "xid",
    }
)
VOLATILE_OF: Mapping[str, frozenset[str]] = {
    "deliveries": frozenset({"next_try_at"}),
    "delivery_counts": frozenset({"slot"}),
    "audit_entries": frozenset({"entry", "recorded_at"}),
    "redrives": frozenset({"redrive_id", "parked_at", "redriven_at"}),
    "callback_log": frozenset({"number"}),
    "raw_messages": frozenset({"received_at", "body", "mended"}),  # sealed; `digest` tells
    # A call made twice is two attempts.
    "reconciliation_pulls": frozenset({"attempts"}),
    "reconciliation_requests": frozenset({"attempts"}),
}
# Numbers handed out by sequences: told by their order.
NUMBERED = re.compile(r"\b(?:T\d{8}|[ME])-\d{6}\b")
TICKET_IDS = frozenset({"ticket_id", "stream_id", "root_ticket_id"})
CALL = re.compile(
    r'(\\?"(?:id|replay_of)\\?":\\?")\d+(?=\\?")'
)  # in an answer, the number of a call
PORT = re.compile(r"127\.0\.0\.1:\d+")  # a receiver's, another one in every run
# Of texts, each with a salt of its own.
JSON_BYTES = frozenset({"answer", "body"})  # spelt by Postgres as \\x and hexadecimals
DIGEST = re.compile(r'"[0-9a-f]{64}"')

Picture = dict[str, list[Any]]


async def take_picture(superuser: Any) -> Picture:
    """Rows by table, each as JSON with its names, in an order of their own."""
    rows = {
        table: [
            orjson.loads(row[0])
            for row in await superuser.fetch(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
        ]
        for table in CHANGING
    }
    ids = sorted(row["ticket_id"] for row in rows["tickets"])
    order = {one: n for n, one in enumerate(ids, 1)}
    calls = sorted(row["number"] for row in rows["callback_log"])
    order |= {-one: -n for n, one in enumerate(calls, 1)}
    plain = {
        table: [clean(table, row, order) for row in of_table] for table, of_table in rows.items()
    }
    plain["subscription_secrets"] = [{"secrets": len(plain["subscription_secrets"])}]
    # Whoever asks again because the answer was lost is shown it twice.
    plain["audit_entries"] = distinct(plain["audit_entries"])
    plain["delivery_counts"] = [add_up(plain["delivery_counts"], "handled")]
    plain["delivery_productions"] = [add_up(plain["delivery_productions"], "produced")]
    return number(plain)


def distinct(rows: list[Any]) -> list[Any]:
    return [orjson.loads(one) for one in dict.fromkeys(orjson.dumps(row) for row in rows)]


def clean(table: str, row: Mapping[str, Any], order: Mapping[int, int]) -> dict[str, Any]:
    left_out = VOLATILE | VOLATILE_OF.get(table, frozenset())
    kept: dict[str, Any] = with_ids(
        {name: value for name, value in row.items() if name not in left_out}, order
    )
    if table == "audit_entries":
        kept["tickets"] = sorted(order.get(one, one) for one in kept["tickets"] or ())
    if kept.get("replay_of") is not None:
        kept["replay_of"] = -order[-kept["replay_of"]]
    for name in JSON_BYTES & kept.keys():
        if str(kept[name]).startswith("\\x"):
            kept[name] = bytes.fromhex(kept[name].removeprefix("\\x")).decode()
    for one in kept.get("tries", ()):
        del one["milliseconds"]
    return kept


def with_ids(value: Any, order: Mapping[int, int]) -> Any:
    """However deep they lie in a fold."""
    if isinstance(value, list):
        return [with_ids(one, order) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: order.get(one, one) if name in TICKET_IDS else with_ids(one, order)
        for name, one in value.items()
    }


def add_up(counts: list[dict[str, Any]], name: str) -> dict[str, int]:
    """By subscriber, whichever slot or connection it was counted in."""
    total: dict[str, int] = {}
    for row in counts:
        total[row["subscriber"]] = total.get(row["subscriber"], 0) + row[name]
    return total


def number(plain: Picture) -> Picture:
    """Numbers of tickets, matters and plans by their order; the rows sorted as they then read."""
    written = orjson.dumps(plain).decode()
    numbers = {no: f"#{n}" for n, no in enumerate(sorted(set(NUMBERED.findall(written))), 1)}
    written = CALL.sub(r"\1", written)
    written = PORT.sub("receiver", written)
    for row in plain["subscriptions"]:
        written = written.replace(row["subscription_id"], "subscription")
    told = NUMBERED.sub(lambda found: numbers[found[0]], DIGEST.sub('"digest"', written))
    pictured: Picture = orjson.loads(told)
    return {table: sorted(rows, key=spell) for table, rows in pictured.items()}


def spell(row: Any) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def differences(undisturbed: Picture, disturbed: Picture) -> str:
    """Table by table, the rows that only one of them has; nothing where they are alike."""
    found = []
    for table in undisturbed:
        missing = [spell(row).decode() for row in undisturbed[table]]
        besides = [spell(row).decode() for row in disturbed[table]]
        for row in list(missing):
            if row in besides:
                missing.remove(row)
                besides.remove(row)
        found += [f"- {table} {row}" for row in missing] + [f"+ {table} {row}" for row in besides]
    return "\n".join(found)
