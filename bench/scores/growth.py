"""The table: one row a measurement, one column a size, and how each grows from size to size."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.console import Console
from rich.table import Table

WIDTH = 150


@dataclass(frozen=True, slots=True)
class Line:
    """`target`: what it may be at most at a million tickets, in the same unit."""

    name: str
    unit: str
    value: float
    target: float | None = None
    places: int = 1


@dataclass(slots=True)
class Growth:
    """What was measured, by number of tickets."""

    sizes: dict[int, list[Line]] = field(default_factory=dict)

    def show(self) -> None:
        sizes = sorted(self.sizes)
        table = Table(title="(e) 考核：由小到大", title_justify="left")
        table.add_column("测量")
        table.add_column("单位")
        table.add_column("要求", justify="right")
        for size in sizes:
            table.add_column(f"{size:,} 件", justify="right")
        for smaller, larger in pairwise(sizes):
            table.add_column(f"×{larger / smaller:g} 时", justify="right")
        for place, line in enumerate(self.sizes[sizes[-1]]):
            found = [self.sizes[size][place] for size in sizes]
            table.add_row(
                line.name,
                line.unit,
                "" if line.target is None else f"≤ {line.target:g}",
                *(f"{one.value:,.{one.places}f}" for one in found),
                *(_ratio(one, two) for one, two in pairwise(found)),
            )
        Console(width=WIDTH).print(table)


def _ratio(smaller: Line, larger: Line) -> str:
    return f"×{larger.value / smaller.value:.1f}" if smaller.value else ""


def missed(lines: Sequence[Line]) -> list[str]:
    return [one.name for one in lines if one.target is not None and one.value > one.target]
