"""The source passes its checkers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

MustPass = Callable[..., None]
MARK = re.compile(r"#\s*(noqa|type:\s*ignore)\b")
REASONED = re.compile(r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s+# \S+")


@pytest.mark.timeout(600)
def test_types_hold(must_pass: MustPass) -> None:
    """mypy finds nothing, in strict mode."""
    must_pass("python", "-m", "mypy")


def test_lint_is_clean(must_pass: MustPass) -> None:
    """ruff finds nothing."""
    must_pass("python", "-m", "ruff", "check", "--no-cache", "--output-format=concise")


def test_format_is_kept(must_pass: MustPass) -> None:
    """ruff would format nothing differently."""
    must_pass("python", "-m", "ruff", "format", "--no-cache", "--check")


def test_every_exception_gives_its_reason(root: Path) -> None:
    """A rule is set aside by its code only, with the reason beside it."""
    marked = [
        (f"{file.relative_to(root)}:{number}", line)
        for folder in ("jupyter_datasets", "tests")
        for file in sorted((root / folder).rglob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if MARK.search(line)
    ]
    assert [place for place, line in marked if not REASONED.search(line)] == []
