"""What the scoreboard shows, read from the public APIs and nowhere else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import ErrorKind, HotlineError
from shared.sandbox.year.ready import Stack

YEAR = "2022"
MONTHS = tuple(f"{YEAR}-{month:02d}" for month in range(1, 13))
STREAK = {"from": "2022-07", "to": "2022-11"}
STATION_CATEGORY = "S-05"
PAGE = "500"
Row = Mapping[str, Any]


class ScoresUnavailable(HotlineError):
    """A figure of the scoreboard could not be read."""

    kind = ErrorKind.UNAVAILABLE
    code = "scores-unavailable"
    title = "读取考核数据失败"


@dataclass(frozen=True, slots=True)
class Story:
    """The chain of repeats with most tickets: its root and what followed, oldest first."""

    root: Row
    repeats: tuple[Row, ...]
    visits: int


@dataclass(frozen=True, slots=True)
class Report:
    """The year in figures, as answered."""

    total: Row
    scheme: str
    calendar_version: str
    months: tuple[tuple[str, Row], ...]
    units: tuple[Row, ...]
    trades: tuple[Row, ...]
    streets: tuple[Row, ...]
    ranks: tuple[Row, ...]
    streak_top3: int
    story: Story | None


def read_report(stack: Stack, *, reader: str = "leader") -> Report:
    """Asks the scoring and dispatch APIs with the key of `reader`."""
    headers = {"authorization": f"Bearer {stack.keys[reader]}"}
    with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
        scores = {
            by: _get(client, f"{stack.scoring}/v1/scores", {"period": YEAR, "by": by})
            for by in ("unit", "trade", "street")
        }
        # As known now like the year itself, not as they were frozen.
        now = {"by": "unit", "known_at": scores["unit"]["known_at"]}
        months = tuple(
            (month, _get(client, f"{stack.scoring}/v1/scores", {"period": month, **now}))
            for month in MONTHS
        )
        ranks = _get(client, f"{stack.scoring}/v1/city-ranks", STREAK)
        return Report(
            total=scores["unit"]["total"],
            scheme=f"{scores['unit']['scheme']['id']} 第 {scores['unit']['scheme']['version']} 版",
            calendar_version=scores["unit"]["calendar_version"],
            months=tuple((month, answer["total"]) for month, answer in months),
            units=tuple(scores["unit"]["rows"]),
            trades=tuple(scores["trade"]["rows"]),
            streets=tuple(scores["street"]["rows"]),
            ranks=tuple(ranks["items"]),
            streak_top3=ranks["streak_top3"],
            story=_read_story(client, stack),
        )


def _read_story(client: httpx.Client, stack: Stack) -> Story | None:
    """The root most tickets repeat, found among the tickets on plants and their noise."""
    url = f"{stack.dispatch}/v1/tickets"
    tickets = _list(client, url, {"category": STATION_CATEGORY, "sort": "received"})
    roots = Counter(ticket["repeat_of"] for ticket in tickets if ticket.get("repeat_of"))
    if not roots:
        return None
    root_no = min(roots, key=lambda no: (-roots[no], no))
    chain = [t for t in tickets if t.get("repeat_of") == root_no]
    chain.sort(key=lambda ticket: str(ticket["received_at"]))
    numbers = [root_no, *(ticket["no"] for ticket in chain)]
    events = (_list(client, f"{url}/{no}/events", {}) for no in numbers)
    visits = sum(event["type"] == "ticket.site_visited" for log in events for event in log)
    return Story(_get(client, f"{url}/{root_no}", {}), tuple(chain), visits)


def _list(client: httpx.Client, url: str, params: Mapping[str, str]) -> Sequence[Row]:
    items: list[Row] = []
    cursor: str | None = None
    while True:
        where = {"cursor": cursor} if cursor else {}
        page = _get(client, url, {**params, "limit": PAGE, **where})
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def _get(client: httpx.Client, url: str, params: Mapping[str, str]) -> Any:
    try:
        answer = client.get(url, params=params)
    except httpx.HTTPError as error:
        raise ScoresUnavailable(f"{httpx.URL(url).path} 无法访问") from error
    if answer.status_code != 200:
        detail = answer.text[:200]
        raise ScoresUnavailable(f"{answer.url.path} 答复 {answer.status_code}：{detail}")
    return answer.json()
