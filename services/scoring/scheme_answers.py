"""Schemes and ranks as they leave: points as decimal text, names in Chinese."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.scoring import labels
from services.scoring import scheme_labels as words
from services.scoring.actions.ranks import Standings
from services.scoring.actions.trials import Move
from services.scoring.answers import figure_body, instant_text, name_of, note_text, number_text
from services.scoring.rules.flips import MODE, Flip
from services.scoring.rules.ranks import OVERDUE, SATISFACTION, Row
from services.scoring.rules.scheme_data import write_scheme
from services.scoring.rules.schemes import Scheme
from services.scoring.rules.sensitivity import Change, Sensitivity
from services.scoring.rules.versions import ALWAYS, Version, state_of
from shared.domain.calendar import CITY_ZONE
from shared.domain.rulebook import Unit
from shared.domain.words import Trade
from shared.labels import TRADES


def version_body(version: Version, versions: Sequence[Version], *, now: datetime) -> dict[str, Any]:
    """`versions`: all of the same scheme."""
    scheme = version.scheme
    always = version.effective_from == ALWAYS
    return {
        "id": scheme.id,
        "version": scheme.version,
        "title": labels.SCHEMES[scheme.id] if version.title is None else version.title,
        **write_scheme(scheme),
        "state": state_of(version, versions, now=now).value,
        "author": version.author,
        "created_at": time_text(version.created_at),
        "effective_from": None if always else time_text(version.effective_from),
        "approved_by": version.approved_by,
        "activated_at": time_text(version.activated_at),
    }


def version_bodies(versions: Sequence[Version], *, now: datetime) -> list[dict[str, Any]]:
    """Each among the versions of its own scheme."""
    kin: dict[str, list[Version]] = {}
    for one in versions:
        kin.setdefault(one.scheme.id, []).append(one)
    return [version_body(one, kin[one.scheme.id], now=now) for one in versions]


def time_text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CITY_ZONE).isoformat()


def move_body(move: Move) -> dict[str, Any]:
    return {"key": move.key, "from": move.before, "to": move.after}


def flip_body(flip: Flip, *, before: Scheme, after: Scheme) -> dict[str, Any]:
    return {
        "no": flip.no,
        "round": flip.round,
        "metric": flip.metric,
        "from": flip.before,
        "to": flip.after,
        "why": why_text(flip, before=before, after=after),
    }


def why_text(flip: Flip, *, before: Scheme, after: Scheme) -> str:
    if flip.cause == MODE:
        return words.WHY_MODE.format(
            old=words.MODES[before.resolution_mode],
            new=words.MODES[after.resolution_mode],
            before=verdict_text(flip.before),
            after=verdict_text(flip.after),
        )
    begins = flip.before is None
    template = words.WHY_BEGINS if begins else words.WHY_CEASES
    points = flip.after if begins else flip.before
    return template.format(rule=words.RULES[flip.cause], points=points)


def verdict_text(verdict: str | None) -> str:
    known = words.WORTHS.get(verdict)
    return words.LEFT_OUT.format(labels.EXCLUSIONS[verdict or ""]) if known is None else known


def standings_body(standings: Standings, *, by: str, units: Mapping[str, Unit]) -> dict[str, Any]:
    return {
        "known_at": instant_text(standings.known_at),
        "tiers": [
            {
                "tier": tier,
                "name": tier_text(tier),
                "rows": [
                    rank_body(row, standings.sensitivities.get(row.key), by=by, units=units)
                    for row in rows
                ],
            }
            for tier, rows in standings.tiers.items()
        ],
    }


def rank_body(
    row: Row, sensitivity: Sensitivity | None, *, by: str, units: Mapping[str, Unit]
) -> dict[str, Any]:
    satisfaction = row.tally.figures[SATISFACTION]
    one_ticket = sensitivity is not None and any(
        change is not None and change.tickets == 1 for change in (sensitivity.up, sensitivity.down)
    )
    return {
        "key": row.key,
        "name": name_of(row.key, by, units),
        "score": None if row.score is None else number_text(row.score, places=2),
        "rank": row.rank,
        "note": words.ONE_TICKET if one_ticket else note_text(row),
        "satisfaction": figure_body(satisfaction),
        "overdue": row.tally.count(OVERDUE),
        "sensitivity": None
        if sensitivity is None
        else {"up": change_body(sensitivity.up), "down": change_body(sensitivity.down)},
    }


def change_body(change: Change | None) -> dict[str, Any] | None:
    return None if change is None else {"tickets": change.tickets, "metric": change.metric}


def tier_text(tier: str | None) -> str:
    """Each part of a tier's name says what it is: a kind, trades, or a band of intake."""
    return words.EVERYONE if tier is None else " · ".join(map(_part_text, tier.split("/")))


def _part_text(part: str) -> str:
    if part.endswith("+"):
        return words.AND_MORE.format(part.removesuffix("+"))
    if part[0].isdigit():
        return words.VOLUME.format(part.replace("-", "–"))
    if part in words.KINDS:
        return words.KINDS[part]
    return "、".join(TRADES[Trade(trade)] for trade in part.split("+"))
