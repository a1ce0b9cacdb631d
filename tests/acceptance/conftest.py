"""Scripts that run in processes of their own beside a test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PREAMBLE = """
import sys
import pyarrow as pa
import jupyter_datasets as jd

def append(dataset, *rows, table="trips"):
    with dataset.edit() as edit:
        edit[table].append({"n": list(rows)})
    return edit.commit
"""
Script = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_script(store: Path) -> Iterator[Script]:
    """Starts scripts with the store's folder as their first argument, and with a fault armed if one is named."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object, fault: str = "", catalog_url: str = "") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PREAMBLE + script, str(store), *map(str, arguments)],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "JUPYTER_DATASETS_FAULT": fault,
                "JUPYTER_DATASETS_CATALOG_URL": catalog_url,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a script: exit status, output, complaints."""
    output, noise = process.communicate(timeout=120)
    return process.returncode, output, noise
