"""Afterwards: what the ledgers say was acknowledged, against the log, the feed and the scores."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.storm.desk import EVENTS
from tests.storm.sender import Letter
from tests.storm.settling import POISON
from tests.storm.storm import Storm

LOG = """
    SELECT t.no, e.ticket_id, e.seq, e.type, e.actor_role, e.data->>'upstream_no' AS upstream_no,
        e.data->'rank'->>'revision' AS revision
    FROM ticket_events AS e JOIN tickets AS t USING (bureau_id, ticket_id)
    ORDER BY e.ticket_id, e.seq
"""
MESSAGES = "SELECT message_id::text AS receipt, source, webhook_id, state FROM raw_messages"
HANDLED = "SELECT coalesce(sum(handled), 0) FROM delivery_counts"
PARKED = f"""
    SELECT subscriber, stream_id, seq, last_error FROM deliveries AS d
    WHERE parked_at IS NOT NULL AND NOT ({POISON})
"""
TRIED_POISON = f"SELECT count(*) FROM deliveries AS d WHERE attempts > 0 AND {POISON}"
ACTING = ("desk", "unit")
OURS = "system"


@dataclass
class Reckoning:
    """Each finding in a line of its own; none in any of them is what must be."""

    acknowledged: int = 0
    handled: int = 0
    callbacks: int = 0
    entries: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.disorder or self.wrong)

    def count(self, name: str, found: int, *, at_least: int = 1) -> None:
        """Exactly one; none only where nobody was told that it stands."""
        if found < at_least:
            self.lost.append(name)
        if found > 1:
            self.doubled.append(f"{name} ×{found}")


async def reckon(storm: Storm) -> Reckoning:
    result = Reckoning()
    log = await storm.stage.watch.fetch(LOG)
    result.entries = len(log)
    result.handled = int(await storm.stage.watch.value(HANDLED))
    check_messages(result, storm, await storm.stage.watch.fetch(MESSAGES), log)
    check_actions(result, storm, log)
    check_sequences(result, log)
    check_feed(result, storm, log)
    parked = await storm.stage.watch.fetch(PARKED)
    result.wrong += [f"parked {dict(row)}" for row in parked]
    tried = int(await storm.stage.watch.value(TRIED_POISON))
    if tried != storm.poison.put:
        result.wrong.append(f"{storm.poison.put} poisoned deliveries, {tried} kept and counted")
    for actor in (storm.sender, storm.desk, storm.follower, storm.receiver):
        result.wrong += actor.odd
    if storm.done < len(storm.plans):
        result.wrong.append(f"only {storm.done} of {len(storm.plans)} tickets went their way")
    if storm.owed is None or not storm.owed.is_settled:
        result.wrong.append(f"not settled: {storm.owed}")
    return result


def check_messages(result: Reckoning, storm: Storm, rows: list[Any], log: list[Any]) -> None:
    kept = {(row["source"], row["webhook_id"]): row for row in rows}
    told: Counter[tuple[str, str, str]] = Counter()
    for row in log:
        if row["actor_role"] == "source":
            told[(row["type"], row["upstream_no"], row["revision"] or "0")] += 1
    for letter in storm.sender.letters:
        result.acknowledged += letter.is_acknowledged
        row = kept.pop((letter.source, letter.webhook_id), None)
        if row is None or row["receipt"] != letter.receipt:
            result.lost.append(f"message {letter.webhook_id}")
            continue
        if row["state"] != letter.end:
            result.wrong.append(f"message {letter.webhook_id} is {row['state']}, not {letter.end}")
        if letter.end == "applied":
            found = told.pop(applied_as(letter), 0)
            result.count(f"event of {letter.webhook_id}", found)
    result.wrong += [f"unknown message {key}" for key in kept]
    result.wrong += [f"event of no message {key} ×{found}" for key, found in told.items()]


def applied_as(letter: Letter) -> tuple[str, str, str]:
    kind = "ticket.updated" if letter.revision else "ticket.received"
    return (kind, letter.upstream_no, str(letter.revision))


def check_actions(result: Reckoning, storm: Storm, log: list[Any]) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for row in log:
        if row["actor_role"] in ACTING:
            found[row["no"]].append(row["type"])
    for upstream_no, course in storm.desk.courses.items():
        no = storm.desk.numbers[upstream_no]
        events = found.pop(no, [])
        counts = Counter(events)
        for act in course:
            result.acknowledged += act.is_acknowledged
            name = f"{no} {act.name}"
            result.count(name, counts.pop(EVENTS[act.name], 0), at_least=act.is_acknowledged)
        result.wrong += [f"{no} {kind}, asked for by nobody" for kind in counts]
        wanted = [EVENTS[act.name] for act in course]
        if [kind for kind in wanted if kind in events] != list(dict.fromkeys(events)):
            result.disorder.append(f"{no}: {' '.join(events)}")
    result.wrong += [f"{no}: acted on by nobody we know" for no in found]


def check_sequences(result: Reckoning, log: list[Any]) -> None:
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in log:
        numbers[row["ticket_id"]].append(row["seq"])
    result.disorder += [
        f"ticket {ticket}: {seqs}"
        for ticket, seqs in numbers.items()
        if seqs != list(range(1, len(seqs) + 1))
    ]


def check_feed(result: Reckoning, storm: Storm, log: list[Any]) -> None:
    """Each entry exactly once, and those of a ticket in their order."""
    written = {f"1-{row['ticket_id']}-{row['seq']}" for row in log}
    read = storm.follower.ids
    result.lost += [f"feed without {name}" for name in written - set(read)]
    result.wrong += [f"feed with {name}, not in the log" for name in set(read) - written]
    result.doubled += [f"feed with {name} ×{found}" for name, found in read.items() if found > 1]
    result.disorder += [f"feed: {name}" for name in out_of_order(storm.follower.entries)]


def out_of_order(entries: list[tuple[str, str]]) -> Iterator[str]:
    latest: dict[str, int] = {}
    for no, name in entries:
        seq = int(name.rpartition("-")[2])
        if seq <= latest.get(no, 0):
            yield name
        latest[no] = seq
