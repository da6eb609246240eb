"""The small edition of the storm, run as `make storm` runs it."""

import subprocess
import sys

from tests.conftest import Tell
from tests.storm.nursery import ROOT

SEED, TICKETS = 1, 300


def test_a_storm_loses_doubles_and_disorders_nothing(tell: Tell) -> None:
    argv = ("-m", "tests.storm", "--seed", str(SEED), "--tickets", str(TICKETS))

    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    tell(next(line.strip() for line in done.stdout.splitlines() if "已确认" in line))
