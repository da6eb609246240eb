"""Schemes: drafted by one, tried by whoever likes, put in force by another."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.scoring.actions.charging import charge_again
from services.scoring.queries import schemes as queries
from services.scoring.rules.periods import Period
from services.scoring.rules.scheme_data import read_scheme, write_scheme
from services.scoring.rules.scheme_faults import find_faults
from services.scoring.rules.schemes import DEFAULT, PRESETS, SANITATION, Scheme
from services.scoring.rules.versions import PRESET_VERSIONS, Version, find_in_force
from services.scoring.sanitation_queries import hold_register
from services.scoring.scheme_labels import ALREADY_ACTIVE, FAULTS, NO_SCHEME, NOT_YET
from services.scoring.scheme_schemas import SchemeBody
from shared.db import Tx
from shared.domain.actor import Actor
from shared.errors import Conflict, Invalid

VERSION_MARK = "@"


async def list_versions(tx: Tx, scheme: str | None = None) -> list[Version]:
    """In order of scheme and version; those that come with the house first."""
    presets = [one for one in PRESET_VERSIONS if scheme in (None, one.scheme.id)]
    found = [*presets, *await queries.list_stored(tx, scheme)]
    order = {preset.id: place for place, preset in enumerate(PRESETS)}
    return sorted(
        found,
        key=lambda one: (
            order.get(one.scheme.id, len(order)),
            one.scheme.id,
            one.scheme.version,
        ),
    )


async def find_version(tx: Tx, scheme: str, version: int) -> Version | None:
    found = await list_versions(tx, scheme)
    return next((one for one in found if one.scheme.version == version), None)


async def choose_scheme(
    tx: Tx, asked: str, period: Period, *, at: datetime | None = None
) -> Scheme:
    """`id`: the version in force in that period; `id@version`: that one, once it is activated.

    Raises Invalid for whatever there is not.
    """
    name, mark, number = asked.partition(VERSION_MARK)
    versions = [one for one in await list_versions(tx, name) if one.effective_from is not None]
    if mark:
        named = (one.scheme for one in versions if str(one.scheme.version) == number)
        found = next(named, None)
    else:
        in_force = find_in_force(versions, period, now=at or tx.now)
        found = in_force.scheme if in_force is not None else None
    if found is None:
        raise Invalid.field("/scheme", NO_SCHEME if mark or not versions else NOT_YET)
    return found


async def choose_rival(tx: Tx, scheme: str, period: Period) -> Scheme:
    """What a version is tried against: what is in force of its own id, else the default."""
    in_force = find_in_force(await list_versions(tx, scheme), period, now=tx.now)
    return in_force.scheme if in_force is not None else await choose_scheme(tx, DEFAULT, period)


async def draft_scheme(tx: Tx, body: SchemeBody, *, actor: Actor) -> Version:
    """The next version of that id. Raises Invalid naming every field at fault."""
    await queries.hold_scheme(tx, body.id)
    known = await list_versions(tx, body.id)
    latest = known[-1].scheme if known else None
    number = latest.version + 1 if latest is not None else 1
    scheme = read_scheme(body.id, number, drafted(body, latest))
    faults = find_faults(scheme)
    if faults:
        raise Invalid(
            errors=[{"pointer": one.pointer, "message": FAULTS[one.code]} for one in faults]
        )
    version = Version(
        scheme,
        title=body.title,
        author=actor.name,
        author_key=actor.key,
        created_at=tx.now,
    )
    await queries.insert_draft(tx, version, write_scheme(scheme))
    return version


def drafted(body: SchemeBody, latest: Scheme | None) -> dict[str, Any]:
    """What the body says; on caps, bounds and tiers it is silent about, the latest version."""
    usual = latest if latest is not None else Scheme(body.id, 1, weights={})
    kept = write_scheme(replace(usual, weights={}, curves={}, branches=()))
    given = body.model_dump(mode="json", exclude_none=True, exclude={"id", "title"})
    if "free" not in given:
        charged = {*body.bonus, *body.penalty}
        kept["free"] = {rule: count for rule, count in kept["free"].items() if rule in charged}
    return {**kept, **given}


async def activate_scheme(
    tx: Tx, version: Version, *, effective_from: datetime, actor: Actor
) -> Version:
    """What it prices otherwise is charged again. Who may do so has been asked.

    Raises Conflict where it has been activated before.
    """
    if version.effective_from is not None:
        raise Conflict(ALREADY_ACTIVE)
    prices = version.scheme.id == SANITATION
    if prices:
        await hold_register(tx, alone=True)
    position = await queries.activate(tx, version, effective_from=effective_from, actor=actor)
    activated = replace(
        version,
        effective_from=effective_from,
        approved_by=actor.name,
        activated_at=tx.now,
        position=position,
    )
    if prices:
        await charge_again(tx, activated)
    return activated
