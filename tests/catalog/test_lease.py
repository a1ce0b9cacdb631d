"""When a resource is opened and closed."""

from __future__ import annotations

import threading
import time

import pytest

from jupyter_datasets.catalog.lease import Lease
from jupyter_datasets.errors import StorageError, StoreBusyError

IDLE = 0.15


class Door:
    """A resource that writes down what was done to it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.failures: list[Exception] = []

    def open(self, deadline: float) -> None:
        assert deadline > time.monotonic()
        if self.failures:
            raise self.failures.pop()
        self.log.append("open")

    def restart(self) -> None:
        if self.failures:
            raise self.failures.pop()
        self.log.append("restart")

    def close(self) -> None:
        self.log.append("close")
        if self.failures:
            raise self.failures.pop()

    def after_fork(self) -> bool:
        return True


@pytest.fixture
def door():
    return Door()


@pytest.fixture
def lease(door):
    made = Lease(door, timeout=1, idle_close=IDLE)
    yield made
    made.close()


def wait_for(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def use(lease):
    with lease.use():
        pass


def test_it_opens_once_for_many_calls(door, lease):
    use(lease)
    use(lease)
    assert door.log == ["open"]


def test_it_closes_when_idle_and_opens_on_demand(door, lease):
    use(lease)
    assert wait_for(lambda: door.log == ["open", "close"])
    use(lease)
    assert door.log == ["open", "close", "open"]


def test_a_call_keeps_it_open_however_long(door, lease):
    with lease.use():
        time.sleep(3 * IDLE)
        assert door.log == ["open"]


def test_overlapping_holds_keep_it_open_until_the_last_ends(door, lease):
    with lease.hold():
        with lease.hold():
            time.sleep(IDLE)
        time.sleep(3 * IDLE)
        assert door.log == ["open"]
    assert wait_for(lambda: door.log == ["open", "close"])


def test_its_watching_thread_ends_with_it(lease):
    before = threading.active_count()
    use(lease)
    assert threading.active_count() == before + 1
    lease.close()
    assert threading.active_count() == before


def test_closing_ends_although_a_hold_is_open(door, lease):
    with lease.hold():
        lease.close()
        assert door.log == ["open", "close"]


def test_closing_during_a_call_does_not_wait_for_it(door, lease):
    with lease.use():
        lease.close()
        assert door.log == ["open"]
    assert door.log == ["open", "close"]


def test_a_failed_open_leaves_nothing_behind_and_the_next_call_tries_again(door, lease):
    door.failures.append(StoreBusyError("held"))
    with pytest.raises(StoreBusyError):
        use(lease)
    use(lease)
    assert door.log == ["open"]


def test_a_broken_resource_restarts_once_its_calls_are_over_and_stays_held(door, lease):
    with lease.hold(), lease.use():
        with lease.use():
            lease.restart_when_unused()
        assert door.log == ["open"]
    use(lease)
    assert door.log == ["open", "restart"]


def test_a_restart_that_fails_is_logged_and_the_next_call_opens(door, lease, caplog):
    with lease.use():
        lease.restart_when_unused()
        door.failures.append(StorageError("gone"))
    use(lease)
    assert door.log == ["open", "close", "open"]
    assert "gone" in caplog.text


def test_a_close_that_fails_is_logged_only(door, lease, caplog):
    use(lease)
    door.failures.append(StorageError("no space"))
    lease.close()
    assert "no space" in caplog.text
