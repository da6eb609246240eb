"""Going for platforms' lists once a day, and asking for messages that are not here."""

import hashlib
import logging
import random
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import TextClause

from services.intake import pull_queries as queries
from services.intake import reconciliation_queries
from services.intake.actions.cases import CaseBook, case_of
from services.intake.actions.reconcile import DayListing, reconcile
from services.intake.clients.lists import Platforms
from services.intake.labels import FAULTS
from services.intake.list_reading import lines_of, refuse_twice
from services.intake.rules.reconciling import CaseState, Theirs, days_to_pull
from services.intake.schemas.lists import ListPage
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.rulebook import Rulebook
from shared.errors import HotlineError, Invalid, Unavailable
from shared.identity.sources import Source, SourceStore
from shared.tickets import Hotline, Ledger
from shared.web.bodies import parse

log = logging.getLogger(__name__)

AT = "reconcile.at"
DAYS = "reconcile.days"
# Between eight tries: about twenty hours, so that the next night finds what this one could not.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    *(timedelta(hours=hours) for hours in (1, 3, 6, 10)),
)
MAX_TRIES = 1 + len(WAITS)


@dataclass(frozen=True, slots=True)
class Puller:
    """A worker's way to platforms. `swept`: by bureau, the day whose sweep is known to be owed."""

    platforms: Platforms
    sources: SourceStore
    swept: dict[int, tuple[date, int]] = field(default_factory=dict)

    async def sweep(self, hotline: Hotline, bureau: int) -> None:
        """What is owed by now, one call after another."""
        await self.owe_pulls(hotline, bureau)
        while await self.pull_next(hotline, bureau) or await self.ask_next(hotline, bureau):
            pass

    async def owe_pulls(self, hotline: Hotline, bureau: int) -> None:
        """The day's sweep, once it is time; a second worker finds it owed already."""
        async with hotline.ledger(bureau, writing=False) as ledger:
            today = sweep_day(ledger.now, ledger.rulebook)
            known = (today, ledger.tx.config_version)  # a source added later changes it
            if self.swept.get(bureau) == known:
                return
            rows = await ledger.tx.rows(queries.LAST_SWEEP, bureau=bureau)
            days = ledger.rulebook.limits_at(ledger.now).number(DAYS)
        due = [row for row in rows if row.swept_on is None or row.swept_on < today]
        if due:
            async with hotline.ledger(bureau) as ledger:
                for row in due:
                    await ledger.tx.run(
                        queries.OWE_PULLS,
                        bureau=bureau,
                        source=row.source,
                        swept_on=today,
                        days=list(days_to_pull(today, last=row.swept_on, days=days)),
                        now=ledger.now,
                    )
        self.swept[bureau] = known

    async def pull_next(self, hotline: Hotline, bureau: int) -> bool:
        """One day's list: leased, fetched with nothing open, and taken where the lease stands."""
        lease = await take_lease(hotline, bureau, queries.LEASE_PULL)
        if lease is None:
            return False
        row, token, as_of = lease
        key = {"source": row.source, "swept_on": row.swept_on, "day": row.day, "token": token}
        try:
            source = await self.source_of(row)
            pages = await self.platforms.fetch_list(row.url, row.day, source, next_of=next_of)
            listing = listing_of(pages, row, as_of)
            async with hotline.ledger(bureau) as ledger:
                done = await ledger.tx.run(
                    queries.PULL_DONE,
                    bureau=bureau,
                    now=ledger.now,
                    id=str(listing.reconciliation_id),
                    **key,
                )
                if done.rowcount:
                    await reconcile(ledger, listing)
        except HotlineError as error:
            if isinstance(error, Unavailable):
                raise
            log.warning("list not pulled", extra={"source": row.source, "day": row.day.isoformat()})
            async with hotline.ledger(bureau) as ledger:
                await put_off(ledger, queries.PULL_FAILED, error, attempts=row.attempts, **key)
        return True

    async def ask_next(self, hotline: Hotline, bureau: int) -> bool:
        """One request to push again; none where the case has been closed meanwhile."""
        lease = await take_lease(hotline, bureau, queries.LEASE_REQUEST)
        if lease is None:
            return False
        row, token, _ = lease
        key = {"case_id": row.case_id, "number": row.number, "token": token}
        is_wanted = row.state == CaseState.OPEN
        try:
            if is_wanted:
                source = await self.source_of(row)
                call_id = f"request-{row.case_id}-{row.number}"
                await self.platforms.ask_again(row.url, row.upstream_no, source, call_id=call_id)
        except HotlineError as error:
            if isinstance(error, Unavailable):
                raise
            log.warning("request not taken", extra={"case_id": str(row.case_id)})
            async with hotline.ledger(bureau) as ledger:
                if await put_off(
                    ledger, queries.REQUEST_FAILED, error, attempts=row.attempts, **key
                ):
                    await tell(ledger, row, "request_failed", {"error": reason(error)})
            return True
        async with hotline.ledger(bureau) as ledger:
            done = await ledger.tx.run(queries.REQUEST_DONE, bureau=bureau, now=ledger.now, **key)
            if done.rowcount and is_wanted:
                await tell(ledger, row, "asked", {"number": row.number})
        return True

    async def source_of(self, row: Any) -> Source:
        source = (await self.sources.read()).get(row.source)
        if source is None or row.url is None:
            raise Gone
        return source


class Gone(HotlineError):
    """The platform, or the address of it, is registered no more."""

    code = "gone"


async def put_off(
    ledger: Ledger, statement: TextClause, error: HotlineError, *, attempts: int, **key: Any
) -> bool:
    """Until the next try, or for good; True where it was the last."""
    is_last = attempts >= MAX_TRIES or isinstance(error, Gone)
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads retries, decides nothing
    failed = await ledger.tx.run(
        statement,
        bureau=ledger.tx.bureau,
        now=ledger.now,
        next_try_at=ledger.now + wait * jitter,
        error=reason(error),
        is_last=is_last,
        **key,
    )
    return is_last and failed.rowcount > 0


def sweep_day(now: datetime, rulebook: Rulebook) -> date:
    """The latest day on which the hour of the sweep has passed."""
    local = now.astimezone(CITY_ZONE)
    hour = rulebook.limits_at(now).hour(AT)
    return local.date() if local.time() >= hour else local.date() - timedelta(days=1)


async def take_lease(
    hotline: Hotline, bureau: int, statement: TextClause
) -> tuple[Any, str, datetime] | None:
    """Committed before anybody is called; after a kill it runs out by itself."""
    async with hotline.database.transaction(bureau, writing=False) as tx:
        owed = await tx.row(queries.ANY_OWED, bureau=bureau, now=tx.now)
    if owed is None or not owed.found:
        return None
    token = str(uuid.uuid4())
    async with hotline.ledger(bureau) as ledger:
        row = await ledger.tx.row(
            statement,
            bureau=bureau,
            now=ledger.now,
            token=token,
            seconds=queries.LEASE_SECONDS,
        )
        return None if row is None else (row, token, ledger.now)


def reason(error: HotlineError) -> str:
    places = ", ".join(f"{one['pointer']} {one['message']}" for one in error.errors[:3])
    return ": ".join(part for part in (type(error).__name__, error.detail, places) if part)


def next_of(page: bytes) -> str | None:
    return parse(ListPage, page).next_cursor


def listing_of(pages: list[bytes], row: Any, as_of: datetime) -> DayListing:
    """One list of all pages; each must be of the day that was asked for."""
    listed: list[Theirs] = []
    digest = hashlib.sha256()
    for page in pages:
        body = parse(ListPage, page)
        if body.day != row.day:
            raise Invalid.field("/day", FAULTS["OTHER_DAY"])
        listed += lines_of(body.tickets)
        digest.update(page)
    refuse_twice(listed)
    return DayListing(
        reconciliation_id=uuid.uuid4(),
        source=row.source,
        day=row.day,
        listed=listed,
        origin="pulled",
        digest=digest.digest(),
        as_of=as_of,
        actor=SYSTEM,
    )


async def tell(ledger: Ledger, row: Any, kind: str, data: dict[str, Any]) -> None:
    found = await ledger.tx.row(
        reconciliation_queries.TAKE_CASE, bureau=ledger.tx.bureau, id=str(row.case_id)
    )
    if found is not None:
        book = CaseBook(ledger, SYSTEM)
        book.tell(case_of(found), kind, data)
        await book.close()
