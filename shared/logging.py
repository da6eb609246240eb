"""Logs: one JSON object a line on stderr; a constant message, facts beside it."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from shared.errors import HotlineError

RETICENT: tuple[str, ...] = ("httpcore", "httpx", "sqlalchemy")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def describe(error: BaseException | None) -> list[str]:
    """Where it came from, the first cause first, by class and place.

    Only our own words are told: those of a driver or a parser may repeat what a citizen wrote.
    """
    told: list[str] = []
    while error is not None:
        kind = type(error)
        name = f"{kind.__module__}.{kind.__qualname__}"
        state = getattr(error, "sqlstate", None)
        said = str(error) if isinstance(error, HotlineError) else state
        frames = [line.strip() for line in traceback.format_tb(error.__traceback__)]
        told = [*frames, f"{name}: {said}" if said else name, *told]
        error = error.__cause__ or error.__context__
    return told


def set_up_logging(level: int | str = logging.INFO) -> None:
    """Never the libraries' own details: they repeat addresses, statements and rows."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in RETICENT:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
