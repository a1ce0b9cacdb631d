from __future__ import annotations

import threading

import pytest

from jupyter_datasets.services.jobs.reporter import Reporter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_steady_pace_gives_its_rate_and_the_time_left() -> None:
    clock = Clock()
    reporter = Reporter(clock)
    reporter.stage("reading", total=1000, unit="rows")
    for _ in range(50):
        clock.now += 0.1
        reporter.advance(10)
        progress = reporter.snapshot()
    assert progress.rate == pytest.approx(100)
    assert progress.seconds_left == pytest.approx(5)


def test_the_rate_follows_a_change_of_pace_within_seconds() -> None:
    clock = Clock()
    reporter = Reporter(clock)
    reporter.stage("reading", total=100_000, unit="rows")
    for pace in (10, 100):
        for _ in range(100):
            clock.now += 0.1
            reporter.advance(pace)
            progress = reporter.snapshot()
    assert progress.rate == pytest.approx(1000, rel=0.05)


def test_a_stage_that_stalls_loses_its_rate() -> None:
    clock = Clock()
    reporter = Reporter(clock)
    reporter.stage("reading", total=1000)
    clock.now += 1
    reporter.advance(100)
    reporter.snapshot()
    clock.now += 30
    assert reporter.snapshot().rate < 1


def test_nothing_is_promised_without_total_or_rate() -> None:
    reporter = Reporter()
    assert reporter.snapshot().seconds_left is None
    reporter.stage("reading", total=5)
    assert reporter.snapshot().seconds_left is None


def test_a_new_stage_starts_from_zero_and_keeps_rows_and_bytes() -> None:
    reporter = Reporter()
    reporter.stage("reading", total=10, unit="bytes")
    reporter.advance(10, rows=2, bytes=10)
    reporter.stage("writing", total=3, unit="steps")
    reporter.advance(1)
    progress = reporter.snapshot()
    assert (progress.stage, progress.done, progress.total, progress.unit) == ("writing", 1, 3, "steps")
    assert (progress.rows, progress.bytes) == (2, 10)


def test_advances_from_many_threads_all_count() -> None:
    reporter = Reporter()

    def work() -> None:
        for _ in range(5000):
            reporter.advance(1, rows=2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (reporter.snapshot().done, reporter.snapshot().rows) == (20_000, 40_000)


def test_messages_are_kept_up_to_a_hundred() -> None:
    reporter = Reporter()
    for number in range(150):
        reporter.message(f"note {number}")
    assert reporter.snapshot().messages == tuple(f"note {number}" for number in range(100))


def test_cancelling_calls_every_callback_whatever_one_raises() -> None:
    reporter = Reporter()
    called: list[str] = []

    def fail() -> None:
        raise RuntimeError("no")

    reporter.on_cancel(fail)
    reporter.on_cancel(lambda: called.append("early"))
    assert [str(error) for error in reporter.cancel()] == ["no"]
    reporter.on_cancel(lambda: called.append("late"))
    assert reporter.cancelled
    assert called == ["early", "late"]
