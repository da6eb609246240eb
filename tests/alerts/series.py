"""Series as promtool's tests write them: `1x3 0x2 stale _ 0+5x10`, one value an interval."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

NAMED = re.compile(r"(?P<name>[a-zA-Z_:]\w*)?(?:\{(?P<labels>.*)\})?", re.DOTALL)
LABEL = re.compile(r'\s*(\w+)\s*=\s*"([^"]*)"\s*(?:,|$)')
NUMBER = r"[+-]?\d+(?:\.\d+)?"
RUN = re.compile(rf"(?P<first>{NUMBER})(?P<step>[+-]\d+(?:\.\d+)?)?x(?P<more>\d+)")
DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LOOKBACK = 300.0
STALE = None

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Series:
    """`samples`: time in seconds and value, or STALE where the series ended."""

    labels: Labels
    samples: Sequence[tuple[float, float | None]]

    def at(self, now: float) -> float | None:
        """The newest value that is not too old; none after the series has ended."""
        known = [one for one in self.samples if now - LOOKBACK < one[0] <= now]
        return known[-1][1] if known else None

    def within(self, since: float, until: float) -> list[tuple[float, float]]:
        return [
            (at, value) for at, value in self.samples if value is not None and since < at <= until
        ]


def read_series(written: str, values: str, interval: float) -> Series:
    match = NAMED.fullmatch(written)
    assert match is not None, written
    labels = dict(LABEL.findall(match["labels"] or ""))
    if match["name"]:
        labels["__name__"] = match["name"]
    samples = [
        (index * interval, value)
        for index, value in enumerate(read_values(values))
        if value != "missing"
    ]
    return Series(
        labels, [(at, None if value == "stale" else float(value)) for at, value in samples]
    )


def read_values(written: str) -> Iterator[str | float]:
    for word in written.split():
        run = RUN.fullmatch(word)
        if run is not None:
            first, step = float(run["first"]), float(run["step"] or 0)
            yield from (first + step * index for index in range(int(run["more"]) + 1))
        elif word == "_":
            yield "missing"
        elif word == "stale":
            yield "stale"
        else:
            yield float(word)


def seconds(duration: str | int | None) -> float:
    """`1m30s` → 90."""
    parts = DURATION.findall(str(duration or "0s"))
    assert "".join(number + unit for number, unit in parts) == str(duration or "0s"), duration
    return sum(int(number) * UNITS[unit] for number, unit in parts)
