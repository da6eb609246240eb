"""What changed in a period between two revisions, two instants, or up to now."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import freezing_examples as examples
from services.scoring.actions.changes import find_view, list_moved, wait_until_folded
from services.scoring.freezing_answers import moved_body, view_body
from services.scoring.queries.barring import find_barred
from services.scoring.routes.asking import reader_of, scope_of, wait_until_known
from services.scoring.routes.showing import note_figures
from services.scoring.rules.periods import Period, find_period
from services.scoring.schemas import ChangesQuery
from shared.db import Scope
from shared.errors import Invalid
from shared.tickets import Hotline
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/periods", tags=["定版"])
FIRST = ("", 0, -1)


@dataclass(frozen=True, slots=True)
class Side:
    revision: int | None
    known_at: datetime | None


@router.get(
    "/{period}/changes",
    summary="两版之间（或两个时刻之间、至今）逐件变了什么，因何而变",
    openapi_extra={
        "parameters": [
            parameter("from_revision", "自哪一版；与 from_known_at 给其一"),
            parameter("from_known_at", "自哪一时刻所知，须带时区"),
            parameter("to_revision", "至哪一版"),
            parameter("to_known_at", "至哪一时刻所知；now（默认）为现在所知"),
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers(examples.CHANGES),
)
async def list_changes(
    request: Request, period: str, caller: Caller, hotline: HotlineState
) -> Response:
    query = check_query(ChangesQuery, request)
    found = read_period(period, query)
    limit = read_limit(request)
    since, until = sides_of(query)
    asked = (caller.bureau, caller.actor.key, period, since, until)
    purpose = f"periods/changes:{asked!r}"
    after = FIRST
    if query.cursor is not None:
        then, no, number, metric = decode_cursor(hotline.keyring, purpose, query.cursor)
        after = (no, number, metric)
        if until.revision is None:
            until = Side(None, datetime.fromisoformat(then))
    for side in (since, until):
        await wait_for_side(hotline, caller.scope, side)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        before, now = [
            await find_view(ledger.tx, found, revision=side.revision, known_at=side.known_at)
            for side in (since, until)
        ]
        if (before.known_at, before.revision or 0) > (now.known_at, now.revision or NOW):
            raise Invalid.field("/from_known_at", "起点不得晚于终点")
        units = scope_of(caller.actor, ledger.rulebook)
        moved = await list_moved(
            ledger.tx, found, before, now, units=units, after=after, limit=limit + 1
        )
        reader = reader_of(caller, units)
        barred = await find_barred(ledger.tx, reader, nos={one.change.no for one in moved})
    shown, following = [one for one in moved[:limit] if one.change.no not in barred], None
    if len(moved) > limit:
        last = shown[-1] if shown else moved[limit - 1]
        place = [now.known_at.isoformat(), last.change.no, last.change.round, last.number]
        following = encode_cursor(hotline.keyring, purpose, place)
    nos = [one.change.no for one in shown]
    await note_figures(request, caller, hotline=hotline, nos=nos)
    extra = {"from": view_body(before), "to": view_body(now)}
    return list_answer(request, [moved_body(one) for one in shown], following, extra=extra)


NOW = 1 << 31


def read_period(text: str, query: ChangesQuery) -> Period:
    period = find_period(text)
    if period is None:
        raise Invalid.field("/period", "期间须为 YYYY-MM 或 YYYY（2000–2099 年）")
    if not period.is_month and (query.from_revision or query.to_revision):
        raise Invalid.field("/period", "只有月份可以定版")
    return period


def sides_of(query: ChangesQuery) -> tuple[Side, Side]:
    until = query.to_known_at if isinstance(query.to_known_at, datetime) else None
    return Side(query.from_revision, query.from_known_at), Side(query.to_revision, until)


async def wait_for_side(hotline: Hotline, whose: Scope, side: Side) -> None:
    """An instant must be over, and all recorded until then taken in."""
    await wait_until_known(hotline, whose, side.known_at)
    if side.known_at is not None:
        async with hotline.database.transaction(whose, writing=False) as tx:
            await wait_until_folded(tx, side.known_at)
