"""Sums: how many rounds bear which mark, kept by group and month, so that no score counts tickets.

A row holds one number for each (metric, mark) there can be, at a fixed place. Verdicts that still
wait for a due are not in it: whoever reads adds those that have come.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from services.scoring.rules.marks import LETTERS, NOTHING, VERDICTS, Marked
from services.scoring.rules.metrics import METRICS, Measure, Metric
from services.scoring.rules.tallies import KEYS, Seen, Tally
from services.scoring.rules.verdicts import EXCLUDED, EXCLUSIONS, Verdict

UNKNOWN = ""
# (by, key, month): how much each place grows.
Deltas = dict[tuple[str, str, int], dict[int, int]]


def _letters(metric: Metric) -> str:
    """The marks that a round can bear in the metric."""
    if metric.measure is Measure.TICKETS:
        return "1"
    worth = "0168" if metric.measure is Measure.POINTS else "01"
    return worth + "".join(
        LETTERS[EXCLUDED[reason]] for reason in dict.fromkeys((*metric.excludes, *EXCLUSIONS))
    )


PLACES: Mapping[tuple[int, str], int] = MappingProxyType(
    {
        mark: place
        for place, mark in enumerate(
            (number, letter) for number, metric in enumerate(METRICS) for letter in _letters(metric)
        )
    }
)
# Grows whenever the rest of LAYOUT changes (tests/house holds it so): of two releases side by side
# the newer one folds everything again, and the older one leaves it alone.
GENERATION = 1
# A stored row of another layout is not ours to read.
LAYOUT = " ".join(
    (
        f"#{GENERATION}",
        *(f"{metric.id}.{metric.version}:{_letters(metric)}" for metric in METRICS),
    )
)
BY_PLACE = tuple((METRICS[number].id, VERDICTS[letter]) for number, letter in PLACES)

_MONTHS = tuple(f"{metric.dated.value}_month" for metric in METRICS)
_WAITS = tuple(None if m.due is None else f"{m.due.value}_from" for m in METRICS)


def marks_by_month(state: Marked) -> dict[int, list[int]]:
    """The places at which the round counts, by month; what waits for a due is left out."""
    found: dict[int, list[int]] = {}
    for number, letter in enumerate(state.marks):
        if letter == NOTHING:
            continue
        waits = _WAITS[number]
        if waits is not None and getattr(state, waits) is not None:
            continue
        month = getattr(state, _MONTHS[number])
        found.setdefault(month, []).append(PLACES[number, letter])
    return found


def add_state(deltas: Deltas, state: Marked, sign: int) -> None:
    """The round comes to bear these marks (sign 1), or ceases to (sign -1)."""
    months = marks_by_month(state)
    if not months:
        return
    for by, key_of in KEYS.items():
        key = key_of(state) or UNKNOWN
        for month, places in months.items():
            row = deltas.setdefault((by, key, month), {})
            for place in places:
                row[place] = row.get(place, 0) + sign


def dense(row: Mapping[int, int]) -> list[int]:
    counts = [0] * len(PLACES)
    for place, count in row.items():
        counts[place] = count
    return counts


def changed_rows(deltas: Deltas) -> Iterator[tuple[tuple[str, str, int], list[int]]]:
    """In one order for all writers, so that two cannot cross."""
    for place in sorted(deltas):
        if any(deltas[place].values()):
            yield place, dense(deltas[place])


def tallies_of(
    rows: Iterable[tuple[str, Sequence[int]]], layout: str = LAYOUT
) -> dict[str | None, Tally]:
    """Rows of (key, counts), several of one key added up; also those that an older release kept."""
    places = BY_PLACE if layout == LAYOUT else _places_of(layout)
    tallies: defaultdict[str | None, Tally] = defaultdict(Tally)
    for key, counts in rows:
        figures = tallies[key or None].figures
        for (metric, verdict), count in zip(places, counts, strict=True):
            if count and metric in figures:
                figures[metric].add(verdict, count)
    return dict(tallies)


def generation_of(layout: str) -> int:
    """0 where it was made before generations were counted."""
    head = layout.partition(" ")[0]
    return int(head[1:]) if head.startswith("#") and head[1:].isdecimal() else 0


def _places_of(layout: str) -> tuple[tuple[str, Verdict], ...]:
    """`metric.version:letters`, between blanks."""
    found = []
    for part in layout.split(" "):
        if part.startswith("#"):
            continue
        head, _, letters = part.rpartition(":")
        found += [(head.rpartition(".")[0], VERDICTS[letter]) for letter in letters]
    return tuple(found)


def count_seen(rounds: Iterable[tuple[str | None, Seen]]) -> dict[str, list[int]]:
    """By key, the counts of what is seen of many rounds, at the places of this layout."""
    found: dict[str, list[int]] = {}
    for key, one in rounds:
        counts = found.setdefault(key or UNKNOWN, [0] * len(PLACES))
        for number, metric in enumerate(METRICS):
            letter = one.letter(metric)
            if letter != NOTHING:
                counts[PLACES[number, letter]] += one.rounds
    return found
