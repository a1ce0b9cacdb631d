"""Ways to damage a store, and to look at what a report says."""

from __future__ import annotations

from pathlib import Path

from jupyter_datasets.services.health.models import Check, Report
from jupyter_datasets.store.backends import stamp
from tests.services.conftest import World

MANY = list(range(1000))  # so many rows go into a segment of their own


def fill(world: World, *, first: int = 0, branch: str = "main") -> Path:
    """Replace the table by a thousand rows, and give the segment that holds them."""
    edit = world.begin(branch)
    world.put(edit, [first + n for n in MANY], mode="replace")
    world.edits.commit(world.me, edit)
    return segment(world, branch)


def segment(world: World, ref: str = "main") -> Path:
    """The file of a table's first segment."""
    return Path(world.versions.plan(world.me, world.id, ref, "trips").segments[0].path)


def name_of(path: Path) -> str:
    return path.parent.name + path.name


def flip(file: Path, position: int = -20) -> None:
    """Alter one byte as a failing disk does: the time stamp stays."""
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    stamp(file, name_of(file))


def failed(report: Report) -> list[Check]:
    return [check for check in report.checks if check.status == "fail"]


def numbers(check: Check) -> list[int]:
    """The commits that a check names, by number."""
    return [version["number"] for version in check.details["versions"]]
