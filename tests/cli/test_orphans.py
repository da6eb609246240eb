"""A rebuilding that is killed takes its own processes with it."""

import signal
import subprocess
import sys

import psutil

SECONDS = 20
PARENT = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from services.cli.recompute import end_with_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""


def test_no_process_goes_on_folding_once_its_parent_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()

    parent.send_signal(signal.SIGKILL)
    parent.wait(SECONDS)
    parent.stdout.close()

    assert psutil.wait_procs([child], timeout=SECONDS)[1] == []
