"""The supervisor, for real: nothing it started is left, however it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from services.cli.supervisor import Program, Supervisor
from shared.embedded import start_postgres, start_redis

ENVIRONMENT = {"PATH": os.environ["PATH"]}
SLEEP = Program("sleep", ["sleep", "1000"], ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Stack:
    """A supervisor in a process of its own, and everything it had started."""

    process: subprocess.Popen[bytes]
    pids: dict[str, int]
    started: list[psutil.Process]

    def list_left(self, *, seconds: float = 10.0) -> list[psutil.Process]:
        deadline = time.monotonic() + seconds
        left = self.started
        while left and time.monotonic() < deadline:
            left = [
                process for process in psutil.wait_procs(left, timeout=0.05)[1] if lives(process)
            ]
        return left


def lives(process: psutil.Process) -> bool:
    """A process that ended stays listed until whoever inherited it asks for its status."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def run_stack(data_dir: Path, *programs: str) -> Iterator[Stack]:
    argv = [sys.executable, "-m", "tests.shared.supervised", str(data_dir), *programs]
    root = Path(__file__).parents[2]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pids = json.loads(process.stdout.readline())
        try:
            yield Stack(process, pids, psutil.Process(process.pid).children(recursive=True))
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_supervisor_alone_ends_everything(
    tmp_path: Path, number: signal.Signals
) -> None:
    with run_stack(tmp_path, "polite", "parent") as stack:
        stack.process.send_signal(number)

        assert stack.list_left() == []
        assert stack.process.wait(1) == 0
        assert {stack.pids["postgres"], stack.pids["redis"], stack.pids["keeper"]} <= {
            process.pid for process in stack.started
        }
        assert "database system is shut down" in (tmp_path / "logs" / "postgres.log").read_text()


def test_a_killed_supervisor_leaves_nothing_behind_not_even_the_stubborn(tmp_path: Path) -> None:
    with run_stack(tmp_path, "polite", "parent", "stubborn") as stack:
        stack.process.kill()

        assert stack.list_left() == []
    again = start_postgres(tmp_path)
    again.stop()
    assert "was not properly shut down" not in (tmp_path / "logs" / "postgres.log").read_text()


def test_servers_left_by_a_killed_supervisor_and_keeper_are_taken_over(tmp_path: Path) -> None:
    with run_stack(tmp_path) as stack:
        os.kill(stack.pids["keeper"], signal.SIGSTOP)
        stack.process.kill()
        os.kill(stack.pids["keeper"], signal.SIGKILL)
        stack.process.wait()
        assert psutil.Process(stack.pids["postgres"]).is_running()

        postgres, valkey = start_postgres(tmp_path), start_redis(tmp_path)

        assert stack.list_left(seconds=1) == []
        assert postgres.answers()
        assert valkey.answers()
        valkey.stop()
        postgres.stop()


def test_a_stack_killed_altogether_starts_again(tmp_path: Path) -> None:
    with run_stack(tmp_path) as stack:
        for process in (psutil.Process(stack.process.pid), *stack.started):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert stack.list_left() == []
    with run_stack(tmp_path) as stack:
        stack.process.terminate()

        assert stack.list_left() == []


def test_a_program_that_ends_is_started_again_and_one_that_should_not_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    once = Program("once", ["sh", "-c", "echo said; exit 3"], ENVIRONMENT, restart=False)
    with Supervisor(tmp_path) as supervisor:
        single, sleeping = supervisor.start(once), supervisor.start(SLEEP)
        first = sleeping.pid
        os.kill(first, signal.SIGKILL)

        assert supervisor.wait_for(
            lambda: sleeping.pid != first and sleeping.poll() is None, seconds=5
        )
        assert single.poll() == 3
    assert (tmp_path / "once.log").read_text() == "said\n"
    assert sleeping.poll() == -signal.SIGTERM
    assert {record.__dict__["program"]: record.__dict__["status"] for record in caplog.records} == {
        "once": 3,
        "sleep": -signal.SIGKILL,
    }


def test_a_server_that_dies_is_started_again_on_its_port(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        servers = [
            start_postgres(tmp_path, keeper=supervisor.keeper),
            start_redis(tmp_path, keeper=supervisor.keeper),
        ]
        before = [(server.pid, server.port) for server in servers]
        for server in servers:
            supervisor.adopt(server)
            os.kill(server.pid, signal.SIGKILL)

        assert supervisor.wait_for(
            lambda: all(
                server.pid != pid and server.answers()
                for server, (pid, _) in zip(servers, before, strict=True)
            ),
            seconds=10,
        )
        assert [server.port for server in servers] == [port for _, port in before]


def test_a_killed_keeper_is_replaced_and_still_ends_everything(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        sleeping = supervisor.start(SLEEP)
        first = supervisor.keeper.pid
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_for(lambda: supervisor.keeper.pid != first, seconds=5)
        assert sleeping.poll() is None
    assert sleeping.poll() == -signal.SIGTERM


def test_wait_for_gives_up_in_time(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        assert not supervisor.wait_for(lambda: False, seconds=0.2)


def test_a_signal_during_start_up_leaves_the_block_quietly(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        sleeping = supervisor.start(SLEEP)
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the signal did not interrupt")
    assert supervisor.stopped_by is signal.SIGTERM
    assert sleeping.poll() == -signal.SIGTERM
