"""Logs tell what failed and where, and repeat nobody's words."""

import json
import logging
import sys

import pytest
from sqlalchemy import text

from shared.domain.words import Role
from shared.errors import Invalid
from shared.logging import JsonLines
from shared.tickets import Hotline

WORDS = "张三住在示例路100号，电话13800001234"
STATEMENT = text("SELECT CAST(CAST(:words AS text) AS integer)")


def line_of(error: BaseException) -> str:
    record = logging.LogRecord(
        "minhu", logging.ERROR, __file__, 1, "failed", None, (type(error), error, None)
    )
    return JsonLines().format(record)


async def test_a_failed_statement_is_logged_without_what_it_carried(hotline: Hotline) -> None:
    with pytest.raises(Exception, match="integer") as raised:
        async with hotline.database.transaction(1) as tx:
            await tx.run(STATEMENT, words=WORDS)
    line = line_of(raised.value)

    assert "22P02" in line
    assert "database.py" in line
    assert "张三" not in line
    assert "13800001234" not in line


def test_a_failed_reading_is_logged_without_what_was_read() -> None:
    try:
        Role(WORDS)
    except ValueError:
        error = sys.exc_info()[1]
    assert error is not None
    line = line_of(error)

    assert json.loads(line)["error"][-1] == "builtins.ValueError"
    assert "张三" not in line


def test_our_own_words_are_told() -> None:
    assert "时间须带时区" in line_of(Invalid.field("/at", "时间须带时区"))
