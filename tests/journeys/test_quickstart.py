"""An integrator's first quarter of an hour: the script in docs/, run against a real sandbox."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.stack import ROOT, sandbox
from tests.journeys.standins import TOOLS, put_first

UNIT = "sanitation-section"
STATES = [
    "triaged",
    "dispatched",
    "accepted",
    "accepted",
    "in_progress",
    "feedback_submitted",
    "replied",
    "completed",
    "followed_up",
]
EVENTS = [
    "ticket.received",
    "ticket.triaged",
    "ticket.dispatched",
    "ticket.accepted",
    "ticket.contacted",
    "ticket.disposed",
    "ticket.feedback_submitted",
    "ticket.replied",
    "ticket.completed",
    "ticket.followed_up",
]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The ready file of a sandbox of its own."""
    folder = tmp_path_factory.mktemp("quickstart")
    with sandbox(folder) as (file, _, _):
        yield file


def run_script(ready: Path, folder: Path, standins: Sequence[str]) -> str:
    environment = {**os.environ, "PATH": put_first(folder, standins)}
    run = subprocess.run(
        ["sh", str(ROOT / "docs" / "quickstart.sh"), str(ready)],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    return run.stdout


def ask(stack: Mapping[str, Any], service: str, path: str, **query: str) -> Any:
    headers = {"authorization": f"Bearer {stack['keys']['desk']}"}
    answer = httpx.get(stack[service] + path, params=query, headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def row_of_unit(stack: Mapping[str, Any]) -> dict[str, Any] | None:
    now = httpx.get(f"{stack['intake']}/sandbox/clock", trust_env=False).json()["now"]
    sheet = ask(stack, "scoring", "/v1/scores", period=now[:7], by="unit")
    return next((row for row in sheet["rows"] if row["key"] == UNIT), None)


@pytest.mark.parametrize(
    "standins",
    [[tool for tool in TOOLS if shutil.which(tool) is None], list(TOOLS)],
    ids=["the tools of this machine", "stand-ins alone"],
)
def test_the_script_takes_one_signed_ticket_through_every_state_to_its_score(
    ready: Path, tmp_path: Path, standins: list[str]
) -> None:
    stack = json.loads(ready.read_text())
    before = row_of_unit(stack)
    earlier = before["intake"] if before else 0

    said = run_script(ready, tmp_path, standins)

    assert re.findall(r"→ (\w+)$", said, re.MULTILINE) == STATES
    (no,) = set(re.findall(r"T\d{8}-\d{6}", said))
    ticket = ask(stack, "dispatch", f"/v1/tickets/{no}")
    assert (ticket["state"], ticket["round"]) == ("followed_up", 1)
    assert ticket["lead"]["unit"] == UNIT
    assert ticket["caller"] == {"name": "张先生", "phone": "138****1234"}
    assert {name: clock["state"] for name, clock in ticket["clocks"].items()} == dict.fromkeys(
        ticket["clocks"], "met"
    )
    events = ask(stack, "dispatch", f"/v1/tickets/{no}/events", limit="100")["items"]
    assert [one["type"] for one in events if one["type"] in EVENTS] == EVENTS

    row = row_of_unit(stack)
    assert row is not None
    assert row["intake"] == earlier + 1
    for metric in ("first_contact_rate", "actual_resolution_rate", "satisfaction_score"):
        figure = row["metrics"][metric]
        assert (figure["num"], figure["den"]) == (str(earlier + 1), earlier + 1)
        assert figure["value"] == "100.00"


def test_the_script_stops_at_the_first_unexpected_answer(ready: Path, tmp_path: Path) -> None:
    stack = json.loads(ready.read_text())
    stack["sources"]["city-12345"]["secret"] = stack["sources"]["district-platform"]["secret"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(stack))

    run = subprocess.run(
        ["sh", str(ROOT / "docs" / "quickstart.sh"), str(wrong)],
        env={**os.environ, "PATH": put_first(tmp_path, TOOLS)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert run.returncode == 1
    assert "应答 401，应为 202" in run.stderr
    assert "收单" not in run.stdout
