"""Measuring: medians of interleaved runs, memory of child processes, and a table of what was found.

Ratios are taken between things that ran by turns in one process, because the machine's speed drifts.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import psutil
import pytest

Work = Callable[[], object]


def seconds_of(work: Work) -> float:
    """Wall time of one run."""
    started = perf_counter()
    work()
    return perf_counter() - started


def median_seconds(work: Work, repeat: int = 5, warmup: int = 1) -> float:
    """Median wall time of ``repeat`` runs after ``warmup`` runs that do not count."""
    for _ in range(warmup):
        work()
    return statistics.median(seconds_of(work) for _ in range(repeat))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Wall times in seconds of several works; the n-th of each were taken right after one another."""

    seconds: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """Median wall time in seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, reference: str) -> float:
        """Median over the rounds of the time of ``name`` as a multiple of the time of ``reference``."""
        pairs = zip(self.seconds[name], self.seconds[reference], strict=True)
        return statistics.median(time / base for time, base in pairs)

    def fastest(self) -> str:
        """The work with the smallest median."""
        return min(self.seconds, key=self.median)


def compare(works: Mapping[str, Work], repeat: int = 5, warmup: int = 1) -> Comparison:
    """Run the works by turns, ``repeat`` rounds after ``warmup`` rounds that do not count."""
    rounds = [{name: seconds_of(work) for name, work in works.items()} for _ in range(warmup + repeat)]
    return Comparison(seconds={name: [times[name] for times in rounds[warmup:]] for name in works})


@dataclass(kw_only=True)
class PeakMemory:
    """Resident memory in bytes at its highest; shared pages are counted in each process that has them."""

    together: int = 0
    largest: int = 0

    def note(self, sizes: Sequence[int]) -> None:
        """Take in one look at the sizes of all processes."""
        self.together = max(self.together, sum(sizes))
        self.largest = max(self.largest, *sizes, 0)


@contextlib.contextmanager
def peak_rss_of_children(every: float = 0.01) -> Iterator[PeakMemory]:
    """Watch this process's children, and theirs, until the block ends. Looking costs time: do not measure time in it.

    Parameters
    ----------
    every
        Seconds between two looks; a peak that is shorter can be missed.
    """
    peak, done = PeakMemory(), threading.Event()

    def watch() -> None:
        while not done.wait(every):
            peak.note(_sizes_of_children())

    watcher = threading.Thread(target=watch, name="peak-rss")
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _sizes_of_children() -> list[int]:
    sizes = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            sizes.append(child.memory_info().rss)
    return sizes


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    what: str
    value: float
    unit: str
    limit: float | None
    note: str

    @property
    def missed(self) -> bool:
        """Whether the value is above its limit."""
        return self.limit is not None and self.value > self.limit

    def cells(self) -> tuple[str, ...]:
        """The line's texts."""
        limit = "" if self.limit is None else f"{self.limit:.4g}"
        return self.what, f"{self.value:.4g}", self.unit, limit, "MISSED" if self.missed else "", self.note


@dataclass(kw_only=True)
class Report:
    """What a test found. Limits are checked when the test has ended, so that nothing later goes unmeasured.

    Attributes
    ----------
    enforced
        Whether a missed limit fails the test; on small data fixed costs would decide, and limits are only shown.
    """

    enforced: bool
    findings: list[Finding] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str = "s", *, limit: float | None = None, note: str = "") -> None:
        """Record a value, and the most that it may be.

        Parameters
        ----------
        unit
            ``"s"``, ``"ms"``, ``"bytes"``, or the reference that a ratio is a multiple of: ``"R"``, ``"Q"``, ``"A"``.
        """
        self.findings.append(Finding(what=what, value=value, unit=unit, limit=limit, note=note))

    def check(self) -> None:
        """Fail when a limit was missed and limits are enforced."""
        missed = [f"{f.what}: {f.value:.4g} {f.unit}, at most {f.limit:.4g}" for f in self.findings if f.missed]
        if missed and self.enforced:
            pytest.fail("\n".join(missed), pytrace=False)


def table_lines(findings: Sequence[Finding]) -> list[str]:
    """The findings as aligned text under a head."""
    rows = [("measure", "value", "unit", "limit", "", "note"), *(finding.cells() for finding in findings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
