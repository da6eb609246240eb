"""Which commits are cut: a part of all by seed, the n-th of its kind by plan, or none."""

import os
import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from tests.faults.hook import Commit, Cut, install, tell_nobody

VARIABLE = "MINHU_FAULTS"


@dataclass(slots=True)
class Rate:
    """A part of all commits, half of them before and half after. Reads may be spared."""

    rate: float
    chance: random.Random
    writes_only: bool = False

    def __call__(self, commit: Commit) -> Cut | None:
        if self.writes_only and not commit.writes:
            return None
        if self.chance.random() >= self.rate:
            return None
        return self.chance.choice(tuple(Cut))


@dataclass(slots=True)
class Plan:
    """The n-th commit (from 0) of those that write the given tables; once."""

    tables: tuple[str, ...]
    nth: int
    cut: Cut
    seen: int = 0

    @property
    def is_done(self) -> bool:
        return self.seen > self.nth

    def __call__(self, commit: Commit) -> Cut | None:
        if commit.tables != self.tables:
            return None
        self.seen += 1
        return self.cut if self.seen == self.nth + 1 else None


@dataclass(slots=True)
class Count:
    """Cuts nothing, and keeps what passed by."""

    commits: list[Commit] = field(default_factory=list)

    def __call__(self, commit: Commit) -> Cut | None:
        self.commits.append(commit)
        return None

    def by_tables(self) -> Counter[tuple[str, ...]]:
        return Counter(commit.tables for commit in self.commits)


@dataclass(frozen=True, slots=True)
class Log:
    """One JSON line a cut: when, before or after, what it wrote. Whole even from many processes."""

    path: Path
    process: str

    def __call__(self, commit: Commit, cut: Cut) -> None:
        line = orjson.dumps(
            {
                "at": datetime.now(UTC),
                "process": self.process,
                "cut": cut,
                "kind": "statement" if commit.alone else "transaction",
                "writes": commit.writes,
                "tables": commit.tables,
            }
        )
        number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(number, line + b"\n")
        finally:
            os.close(number)


def read_options(written: str, known: Collection[str]) -> dict[str, str]:
    """`seed=7,rate=0.05` as names and values."""
    pairs = [pair.partition("=") for pair in written.split(",") if pair]
    options = {name: value for name, _, value in pairs}
    unknown = set(options) - set(known)
    if unknown:
        raise SystemExit(f"unknown option: {', '.join(sorted(unknown))}")
    return options


def install_wanted(environment: Mapping[str, str], *, process: str) -> None:
    """What `MINHU_FAULTS` asks of this process: `seed=7,rate=0.05,log=faults.jsonl,writes=1`."""
    options = read_options(environment.get(VARIABLE, ""), {"seed", "rate", "log", "writes"})
    if not options:
        return
    # The process number as well: one started again must not fail where the last one did.
    chance = random.Random(f"{options.get('seed', '0')}:{os.getpid()}")
    choose = Rate(float(options.get("rate", "0.05")), chance, options.get("writes") == "1")
    told = Log(Path(options["log"]), process) if "log" in options else tell_nobody
    install(choose, told)
