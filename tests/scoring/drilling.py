"""The same figures from wherever they can be read: the sheet, its tickets, the definitions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.scoring.comparing import Report, cell_of, read_cell
from tests.scoring.oracle.adding import Sum, Sums, add_up, find_all, shown, total
from tests.scoring.oracle.judging import COUNTS
from tests.scoring.world import NOW, World

PAGE = "200"
Line = tuple[str, int, Decimal | str]


async def compare_sources(world: World, report: Report, month: str) -> None:
    """One month by unit, row by row and in all."""
    sheet = await world.get("/v1/scores", {"period": month})
    rows = shown(add_up(find_all(world.retold(world.last), world.last), month, "unit", now=NOW))
    sums = {"null" if key is None else key: one for key, one in rows.items()}
    shows = {"null" if row["key"] is None else row["key"]: row for row in sheet["rows"]}
    for key, row in {**shows, "total": sheet["total"]}.items():
        counted = sums.get(key, {}) if key != "total" else total(rows)
        for metric, cell in row["metrics"].items():
            listed = await list_behind(world, {"period": month, "key": key, "metric": metric})
            place = (month, key, metric)
            report.compare(place, read_cell(cell)[:2], figure_of(listed))
            report.compare((place, "excluded"), cell["excluded"], excluded_of(listed))
            report.compare((place, "tickets"), behind(counted, metric), listed)
            report.compare((place, "cell"), cell_of(counted, metric), read_cell(cell))
        await compare_counts(world, report, month, key, counted)


async def compare_counts(world: World, report: Report, month: str, key: str, counted: Sums) -> None:
    """Plain counts have no cell; their tickets are listed all the same."""
    for metric in COUNTS:
        asked = {"period": month, "key": key, "metric": metric}
        report.compare(
            (month, key, metric), behind(counted, metric), await list_behind(world, asked)
        )


async def list_behind(world: World, asked: Mapping[str, str]) -> dict[str, list[Line]]:
    """Every page of the tickets of each part."""
    found: dict[str, list[Line]] = {}
    for part in ("num", "den", "excluded"):
        params = {**asked, "part": part, "limit": PAGE}
        lines: list[Line] = []
        while True:
            body = await world.get("/v1/scores/tickets", params)
            lines += [read_line(item) for item in body["items"]]
            if body["next_cursor"] is None:
                break
            params["cursor"] = body["next_cursor"]
        found[part] = lines
    return found


def read_line(item: Mapping[str, Any]) -> Line:
    what = item["reason"] if item["value"] is None else Decimal(item["value"])
    return item["no"], item["round"], what


def figure_of(listed: Mapping[str, list[Line]]) -> tuple[Decimal, int]:
    num = sum((what for _, _, what in listed["num"] if isinstance(what, Decimal)), Decimal(0))
    return num, len(listed["den"])


def excluded_of(listed: Mapping[str, list[Line]]) -> dict[str, int]:
    reasons = sorted(str(what) for _, _, what in listed["excluded"])
    return {reason: reasons.count(reason) for reason in reasons}


def behind(sums: Sums, metric: str) -> dict[str, list[Line]]:
    """The rounds that the definitions put behind a figure, in order of number and round."""
    parts: dict[str, list[Line]] = {"num": [], "den": [], "excluded": []}
    for no, number, what in sorted(sums.get(metric, Sum()).behind, key=lambda one: one[:2]):
        if isinstance(what, str):
            parts["excluded"].append((no, number, what))
            continue
        worth = Decimal(what) / 10
        parts["den"].append((no, number, worth))
        if what:
            parts["num"].append((no, number, worth))
    return parts
