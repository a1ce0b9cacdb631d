"""Progress on standard error: bars on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from jupyter_datasets.cli.console import safe
from jupyter_datasets.client.jobs import Bar, Lines, ProgressView, use_progress


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show the jobs that are waited for inside the block."""
    use_progress(_view)
    try:
        yield
    finally:
        use_progress(None)


def _view(title: str) -> ProgressView:
    return Bar(safe(title)) if sys.stderr.isatty() else Lines(safe(title))


@contextmanager
def byte_bar(title: str) -> Iterator[Callable[[int, int], object]]:
    """A bar for what is told ``(bytes done, bytes in all)``; nothing where standard error is no terminal."""
    with tqdm(desc=title, unit="B", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
