"""The references themselves, so that a report says what its ratios are multiples of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.harness import Report, compare
from tests.benchmarks.references import References

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def test_references(references: References, lineitem: Path, report: Report) -> None:
    """R, Q and A, and the sizes of the files that stored bytes are compared with."""
    times = compare({"R": references.write, "Q": references.q1, "A": references.read}, repeat=3)
    report.add("R: CSV to one Parquet file", times.median("R"))
    report.add("Q: TPC-H Q1 on it", times.median("Q"))
    report.add("A: its full read to Arrow", times.median("A"), note=references.faster_reader)
    report.add("CSV", lineitem.stat().st_size / 1e6, "MB")
    report.add("Parquet, snappy", references.snappy.stat().st_size / 1e6, "MB")
    report.add("Parquet v2, zstd", references.zstd.stat().st_size / 1e6, "MB")
