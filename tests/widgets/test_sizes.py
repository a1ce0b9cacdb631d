"""How much JavaScript a notebook carries: a widget's script travels with each output that shows it."""

from __future__ import annotations

from pathlib import Path

LIMITS = {"grid.js": 60, "diff.js": 75, "history.js": 45, "merge.js": 25, "progress.js": 6}  # kB


def test_scripts_are_small(built: Path) -> None:
    """Each has a limit of its own."""
    sizes = {path.name: path.stat().st_size / 1000 for path in built.glob("*.js")}
    assert sizes.keys() == LIMITS.keys()
    assert [name for name, size in sizes.items() if size > LIMITS[name]] == []
