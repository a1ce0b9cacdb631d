from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from jupyter_datasets.errors import JobCancelledError
from jupyter_datasets.services.jobs.models import Progress
from jupyter_datasets.workers.pool import Pool
from jupyter_datasets.workers.process import ChildProcess


class Watcher:
    def __init__(self, going: bool = True) -> None:
        self._going = going

    def progress(self, progress: Progress) -> None:
        pass

    def going(self) -> bool:
        return self._going


def run(pool: Pool, task: str = "add", going: bool = True, **plan: Any) -> int:
    """Run a task; the pid of the child that ran it."""
    with pool.lease() as child:
        child.perform(f"sample_tasks:{task}", {"numbers": [], **plan}, Watcher(going))
    return child.pid


def seconds(pool: Pool) -> float:
    begun = time.monotonic()
    run(pool)
    return time.monotonic() - begun


def test_a_child_serves_one_task_after_the_other(pool: Pool) -> None:
    assert run(pool) == run(pool) == run(pool)


def test_a_warm_child_answers_at_once(pool: Pool) -> None:
    cold, warm = seconds(pool), min(seconds(pool) for _ in range(3))
    assert warm < cold / 2


def test_two_leases_at_a_time_get_two_children(pool: Pool) -> None:
    with pool.lease() as one, pool.lease() as other:
        assert one.pid != other.pid


def test_a_child_that_died_while_idle_is_replaced(pool: Pool) -> None:
    pid = run(pool)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert run(pool) != pid


def test_a_child_whose_task_was_cancelled_is_not_used_again(pool: Pool) -> None:
    pid = run(pool)
    with pytest.raises(JobCancelledError):
        run(pool, "count", going=False, n=10, seconds=5)
    assert run(pool) != pid


def test_a_child_that_keeps_much_memory_is_not_used_again() -> None:
    pool = Pool(modules=["sample_tasks"], ceiling=48 << 20)
    assert run(pool) != run(pool)
    pool.close()


def test_closing_ends_idle_children_and_those_given_back_later(pool: Pool) -> None:
    idle = run(pool)
    with pool.lease() as child:
        assert child.pid == idle
        pool.close()
        assert child.reusable()
    assert ended(child)


def ended(child: ChildProcess) -> bool:
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return True
    return False
