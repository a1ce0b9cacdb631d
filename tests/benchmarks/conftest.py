"""Data, references and the report of the measurements.

``JD_BENCH_SCALE`` is the TPC-H scale (1 by default; limits bind from 1 on), ``JD_BENCH_CACHE`` a folder that keeps the
data from one run to the next.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.harness import Finding, Report, table_lines
from tests.benchmarks.references import References, make_lineitem

FINDINGS = pytest.StashKey[list[Finding]]()


@pytest.fixture(scope="session")
def scale() -> float:
    """The TPC-H scale of this run."""
    return float(os.environ.get("JD_BENCH_SCALE", "1"))


@pytest.fixture(scope="session")
def bench_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for large files on the disk that is measured."""
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="session")
def lineitem(scale: float, bench_folder: Path) -> Path:
    """The CSV file of TPC-H lineitem."""
    folder = Path(os.environ.get("JD_BENCH_CACHE") or bench_folder)
    folder.mkdir(parents=True, exist_ok=True)
    return make_lineitem(folder, scale)


@pytest.fixture(scope="session")
def references(lineitem: Path, bench_folder: Path) -> Iterator[References]:
    """R, Q and A on that file."""
    made = References(lineitem, bench_folder)
    yield made
    made.close()


@pytest.fixture
def report(request: pytest.FixtureRequest, scale: float) -> Iterator[Report]:
    """Takes what a test finds; shown as one table at the end of the run."""
    if hasattr(request.config, "workerinput"):
        pytest.fail("Measure in one process: pytest -n 0 -m benchmark")
    made = Report(enforced=scale >= 1)
    yield made
    request.config.stash.setdefault(FINDINGS, []).extend(made.findings)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Check the limits once the test has measured everything."""
    result = yield
    if isinstance(report := pyfuncitem.funcargs.get("report"), Report):
        report.check()
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table."""
    if findings := config.stash.get(FINDINGS, []):
        terminalreporter.section(f"measured at TPC-H scale {os.environ.get('JD_BENCH_SCALE', '1')}")
        for line in table_lines(findings):
            terminalreporter.line(line)
