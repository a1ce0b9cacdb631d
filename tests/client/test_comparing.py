"""Comparing many rows: it says so, is done once, and can be stopped."""

from __future__ import annotations

import threading
import time
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client import diff as diffs
from jupyter_datasets.client import waiting
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.engine.comparing import Comparison


@pytest.fixture
def changed(trips: Dataset) -> Diff:
    """A million rows of which many differ."""
    for step in (1, 2):
        with trips.edit() as edit:
            edit["trips"].replace(pa.table({"n": range(0, 1_000_000 * step, step)}))
    return trips.diff("main~1", "main")


def test_progress_shows_what_is_compared(changed: Diff, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once patience is over; by the same view as that of jobs and queries."""
    titles: list[str] = []

    class View:
        def __init__(self, title: str) -> None:
            titles.append(title)

        def update(self, job: Any) -> None:
            assert job.title == titles[-1]

        def close(self) -> None:
            titles.append("closed")

    monkeypatch.setattr("jupyter_datasets.client.jobs._factory", View)
    monkeypatch.setattr(waiting, "PATIENCE", 0.001)
    assert changed["trips"].counts == (500_000, 500_000, 0)
    assert titles == ["Comparing trips", "closed"]


def test_rows_are_counted_once(changed: Diff, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the difference is shown."""
    shown = repr(changed)
    monkeypatch.setattr(diffs, "wait_for", None)
    assert repr(changed) == shown
    assert "500000" in shown
    assert changed.summary().num_rows == 1


def test_ctrl_c_stops_a_comparison(changed: Diff, ctrl_c: threading.Timer) -> None:
    """At once, and the difference can be asked for again."""
    part = changed["trips"]

    def endless(comparison: Comparison) -> str:
        return f"SELECT count(*) FROM ({comparison.rows()}) a, range(100_000) b, range(100_000) c"

    ctrl_c.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        part._ask(endless, lambda relation: relation.fetchall())
    assert time.monotonic() - started < 5
    assert part.counts == (500_000, 500_000, 0)
