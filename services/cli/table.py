"""Rows for a terminal, in columns that Chinese characters do not push out of line."""

from collections.abc import Sequence

import typer
from rich.cells import cell_len

GAP = "  "


def print_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    everything = [head, *rows]
    widths = [max(cell_len(row[column]) for row in everything) for column in range(len(head))]
    for row in everything:
        cells = [
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ]
        typer.echo(GAP.join(cells).rstrip())
