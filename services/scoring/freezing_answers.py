"""Manifests and standings of months as they leave."""

from typing import Any

from services.scoring.actions.changes import Moved
from services.scoring.actions.periods import Standing
from services.scoring.numbers import instant_text, number_text
from services.scoring.rules.changes import BYS, UNIT, View
from services.scoring.rules.freezing import Freeze
from services.scoring.rules.marks import NOTHING, VERDICTS
from services.scoring.rules.metrics import METRICS
from shared.domain.words import Role


def manifest_body(freeze: Freeze) -> dict[str, Any]:
    """Without figures' hash and count while the copy is still being made."""
    manifest = freeze.manifest
    scheme = None
    if manifest is not None:
        scheme = {"id": manifest.scheme.id, "version": manifest.scheme.version}
    return {
        "period": freeze.period,
        "revision": freeze.revision,
        "rows": None if manifest is None else manifest.rows,
        "sha256": None if manifest is None else manifest.sha256,
        "scheme": scheme,
        "calendar_version": None if manifest is None else manifest.calendar_version,
        "reason": freeze.reason,
        "known_at": instant_text(freeze.known_at),
        "frozen_at": instant_text(freeze.frozen_at),
        "by": freeze.by.name,
        "automatic": freeze.by.role is Role.SYSTEM,
    }


def standing_body(standing: Standing) -> dict[str, Any]:
    period, revisions = standing.period, standing.revisions
    return {
        "period": period.id,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "over": standing.is_over,
        "frozen": bool(revisions),
        "revision": revisions[-1].revision if revisions else None,
        "freezes_at": standing.freezes_at.isoformat(),
        "revisions": [manifest_body(one) for one in revisions],
    }


def view_body(view: View) -> dict[str, Any]:
    return {"revision": view.revision, "known_at": instant_text(view.known_at)}


def moved_body(moved: Moved) -> dict[str, Any]:
    change = moved.change
    before, after = change.letters(moved.number)
    body: dict[str, Any] = {
        "no": change.no,
        "round": change.round,
        "metric": METRICS[moved.number].id,
        "from": letter_body(before),
        "to": letter_body(after),
        "events": [
            {
                "seq": entry.seq,
                "type": entry.type,
                "time": instant_text(entry.occurred_at),
                "recordedtime": instant_text(entry.recorded_at),
            }
            for entry in moved.entries
        ],
    }
    if change.before is not None and change.after is not None and change.moved:
        keys = (change.before.keys, change.after.keys)
        body["moved"] = {BYS[n]: {"from": keys[0][n], "to": keys[1][n]} for n in change.moved}
        if UNIT in change.moved:
            body["unit"] = body["moved"]["unit"]
    return body


def letter_body(letter: str) -> dict[str, Any] | None:
    """None where the round does not count."""
    if letter == NOTHING:
        return None
    verdict = VERDICTS[letter]
    worth = None if verdict.worth is None else number_text(verdict.worth)
    return {"value": worth, "reason": verdict.reason}
