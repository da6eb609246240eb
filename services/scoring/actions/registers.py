"""Inspections and media items taken in, revised and withdrawn; and what that means for points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.scoring import registers
from services.scoring import sanitation_queries as queries
from services.scoring.actions.sanitation import charge_media, charge_month
from services.scoring.registers import INSPECTIONS, AnyBody, Register, id_of
from shared.db import Tx
from shared.domain.actor import Actor
from shared.errors import Conflict, NotFound

CREATED, REVISED, UNCHANGED = "created", "revised", "unchanged"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one body: its id, and created, revised or unchanged."""

    id: str
    outcome: str


async def record(
    tx: Tx, register: Register, bodies: Sequence[AnyBody], *, actor: Actor
) -> list[Taken]:
    """All of them, or none. What is told again unchanged leaves no trace; no two may be one."""
    await queries.hold_register(tx, alone=True)
    named = {id_of(register, body): body for body in bodies}
    known = await registers.list_latest(tx, register, named)
    taken = {one: _outcome(register, body, known.get(one)) for one, body in named.items()}
    rows = [
        _revision(register, one, content_of(register, named[one]), known.get(one), actor=actor)
        for one, outcome in taken.items()
        if outcome != UNCHANGED
    ]
    if rows:
        await registers.insert_revisions(tx, register, rows)
        await _charge(tx, register, rows)
    return [Taken(id_of(register, body), taken[id_of(register, body)]) for body in bodies]


async def withdraw(tx: Tx, register: Register, one: str, *, reason: str, actor: Actor) -> Any:
    """A last revision that says so; what it cost is made good. Answers that revision.

    Raises NotFound, and Conflict for what is withdrawn already.
    """
    await queries.hold_register(tx, alone=True)
    known = (await registers.list_latest(tx, register, [one])).get(one)
    if known is None:
        raise NotFound
    if known.withdrawn_for is not None:
        raise Conflict
    content = {name: getattr(known, name) for name in register.content}
    row = _revision(register, one, content, known, actor=actor, reason=reason)
    await registers.insert_revisions(tx, register, [row])
    await _charge(tx, register, [row])
    return (await registers.list_latest(tx, register, [one]))[one]


async def _charge(tx: Tx, register: Register, rows: Sequence[Mapping[str, Any]]) -> None:
    if register is not INSPECTIONS:
        await charge_media(tx, [str(row[register.key]) for row in rows])
        return
    for month in sorted({int(row["month"]) for row in rows}):
        await charge_month(tx, month)


def content_of(register: Register, body: AnyBody) -> dict[str, Any]:
    return {name: getattr(body, name) for name in register.content}


def _outcome(register: Register, body: AnyBody, known: Any) -> str:
    if known is None:
        return CREATED
    told = content_of(register, body)
    same = all(getattr(known, name) == value for name, value in told.items())
    return UNCHANGED if same and known.withdrawn_for is None else REVISED


def _revision(
    register: Register,
    one: str,
    content: Mapping[str, Any],
    known: Any,
    *,
    actor: Actor,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        register.key: one,
        "revision": 1 if known is None else known.revision + 1,
        **content,
        "withdrawn_for": reason,
        "actor_role": actor.role,
        "actor_name": actor.name,
        "actor_key": actor.key,
    }
