"""Words for the tests of the source itself."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a program in a folder, by default the repository, and gives its end and all that it said."""
    scripts = Path(sysconfig.get_path("scripts"))

    def start(program: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        command = [sys.executable] if program == "python" else [str(scripts / program)]
        return subprocess.run(
            [*command, *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(cwd), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def must_pass(run: Run) -> Callable[..., None]:
    """Runs a checker in the repository and fails with what it says."""

    def check(program: str, *arguments: str) -> None:
        ended = run(program, *arguments)
        if ended.returncode:
            pytest.fail(f"{program} {' '.join(arguments)}\n{ended.stdout}", pytrace=False)

    return check
