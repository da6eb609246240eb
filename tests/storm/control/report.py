"""The control's figures beside ours, in one table."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.storm.control.storm import Outcome
from tests.storm.reckoning import Reckoning
from tests.storm.storm import Storm

UNKNOWN = "—"


@dataclass(frozen=True)
class Column:
    """One side's figures, as they are printed."""

    name: str
    acknowledged: str
    lost: str
    doubled: str
    disorder: str
    settled: str


def ours(storm: Storm, result: Reckoning) -> Column:
    return Column(
        "民呼",
        str(result.acknowledged),
        str(len(result.lost)),
        str(len(result.doubled)),
        str(len(result.disorder)),
        f"{storm.settle_seconds:.1f} 秒",
    )


def theirs(outcome: Outcome) -> Column:
    return Column(
        "对照（arq）",
        str(outcome.acknowledged),
        f"{outcome.lost}（{outcome.lost / outcome.acknowledged:.1%}）",
        f"{outcome.doubled}（重跑 {outcome.rerun}）",
        str(outcome.disorder),
        f"{outcome.settle_seconds:.1f} 秒",
    )


def compare(*columns: Column) -> Iterator[str]:
    rows = (
        ("", [one.name for one in columns]),
        ("已确认", [one.acknowledged for one in columns]),
        ("丢失", [one.lost for one in columns]),
        ("重复", [one.doubled for one in columns]),
        ("次序错", [one.disorder for one in columns]),
        ("末次故障后平息", [one.settled for one in columns]),
    )
    for label, cells in rows:
        yield f"  {pad(label, 16)}" + "".join(pad(cell, 20) for cell in cells).rstrip()


def pad(text: str, width: int) -> str:
    """A Chinese character takes two places."""
    return text + " " * (width - sum(2 if ord(one) > 0x2E7F else 1 for one in text))


def faults(outcome: Outcome) -> Iterator[str]:
    for label, struck, hit in outcome.faults:
        yield f"  {pad(label, 28)}{struck:>4} 次，命中 {hit}"
