"""The same storm over a consumer as tutorials write it: it must not stand."""

from pathlib import Path

from tests.conftest import Tell
from tests.storm.control.report import compare, theirs
from tests.storm.control.storm import run_control
from tests.storm.edition import Edition

TICKETS = 400


async def test_the_control_loses_and_doubles(tmp_path: Path, tell: Tell) -> None:
    outcome = await run_control(Edition(1, TICKETS), tmp_path)

    for line in compare(theirs(outcome)):
        tell(line)
    assert outcome.acknowledged > TICKETS
    assert outcome.lost > 0
    assert outcome.doubled > 0
