"""The measuring itself, in the normal run: a harness that is wrong proves nothing."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.benchmarks.harness import Comparison, Report, compare, median_seconds, peak_rss_of_children, table_lines
from tests.benchmarks.references import References, make_lineitem

MIB = 1 << 20
TWO_HUNDRED_MIB = "import time; held = b'x' * (200 << 20); time.sleep(0.3)"


def test_ratio_is_of_neighbours() -> None:
    """A machine that slows down by three during the run does not change a ratio."""
    drifting = Comparison(seconds={"ours": [2.0, 4.0, 6.0], "theirs": [1.0, 2.0, 3.0]})
    assert drifting.ratio("ours", "theirs") == 2.0
    assert drifting.median("ours") == 4.0
    assert drifting.fastest() == "theirs"


def test_works_run_by_turns() -> None:
    """Rounds take each work once, and the first ones do not count."""
    seen: list[str] = []
    found = compare({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, repeat=2, warmup=1)
    assert seen == ["a", "b"] * 3
    assert {name: len(times) for name, times in found.seconds.items()} == {"a": 2, "b": 2}


def test_median_leaves_warming_up_out() -> None:
    """Runs that warm up are made and not counted."""
    runs: list[int] = []
    assert median_seconds(lambda: runs.append(1), repeat=3, warmup=2) < 0.1
    assert len(runs) == 5


def test_memory_of_children_is_seen() -> None:
    """The peak holds what all children had at the same time, and what the largest had."""
    with peak_rss_of_children() as peak:
        children = [subprocess.Popen([sys.executable, "-c", TWO_HUNDRED_MIB]) for _ in range(2)]
        for child in children:
            child.wait()
    assert 200 * MIB < peak.largest < 300 * MIB
    assert 400 * MIB < peak.together < 600 * MIB


def test_a_missed_limit_fails_once_all_is_measured() -> None:
    """Limits are checked at the end, and each missed one is named."""
    report = Report(enforced=True)
    report.add("slow", 1.5, "R", limit=1.4)
    report.add("quick", 0.9, "Q", limit=1.0)
    with pytest.raises(pytest.fail.Exception, match=r"^slow: 1\.5 R, at most 1\.4$"):
        report.check()


def test_limits_are_only_shown_on_small_data() -> None:
    """Below scale 1 a missed limit is marked in the table and fails nothing."""
    report = Report(enforced=False)
    report.add("slow", 1.5, "R", limit=1.4, note="3 s")
    report.check()
    assert table_lines(report.findings) == [
        "measure  value  unit  limit          note",
        "slow     1.5    R     1.4    MISSED  3 s",
    ]


def test_references_agree(tmp_path: Path) -> None:
    """The generated file, both Parquet files, both readers and Q1 speak of the same rows."""
    with closing(References(make_lineitem(tmp_path, 0.001), tmp_path)) as references:
        rows = references.read().num_rows
        assert rows == references.csv.read_bytes().count(b"\n") - 1
        assert sum(references.q1().column(9).to_pylist()) <= rows
        assert references.zstd.stat().st_size < references.snappy.stat().st_size
