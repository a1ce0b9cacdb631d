"""Processes that die where a test says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from jupyter_datasets.client.repository import Repository
from tests.acceptance.conftest import Script, end

KILLED = -9
TURNS = (0, *(pytest.param(turn, marks=pytest.mark.slow) for turn in (1, 2)))
"""In the first turn one process dies. In the others so does the next one, which meets what the first has left."""


def run_to(point: str, start_script: Script, script: str, *arguments: object) -> int:
    """Run a script in a process that dies at a point, ``point`` or ``point:action:n``: its exit status."""
    fault = point if ":" in point else f"{point}:kill"
    status, _, noise = end(start_script(script, *arguments, fault=fault))
    assert status in (0, 1, KILLED), noise
    return status


def other_point(points: Sequence[str], point: str, turn: int) -> str:
    """Where the next process is to die: the same in each run of a test, and another point in another turn."""
    return random.Random(f"{point} {turn}").choice(points)


def assert_sound(repo: Repository) -> None:
    """Nothing is damaged, nothing is left in staging, and no job is thought to run."""
    staging = Path(repo._transport.place) / "staging"
    assert not staging.exists() or sorted(staging.iterdir()) == []
    assert not [job for job in repo.jobs() if not job.status.ended]
    assert [check for check in (*repo.fsck().checks, *repo.doctor().checks) if check.status == "fail"] == []
