"""A dataset at a glance."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from jupyter_datasets.errors import NotFoundError
from jupyter_datasets.services.versions.models import Counts
from tests.services.conftest import World


def test_an_overview_shows_heads_counts_sizes_and_what_happened_last(world: World, tmp_path: Path) -> None:
    first = world.append(1, 2)
    world.tag("v1")
    world.branch("fix")
    fixed = world.append(3, branch="fix", table="planes")
    (tmp_path / "book").write_text("0123456789")
    edit = world.begin()
    world.edits.attach(world.me, edit, "book", tmp_path / "book")
    second = world.edits.commit(world.me, edit)
    assert second is not None
    world.versions.protect(world.me, world.id, "main")
    found = world.versions.overview(world.me, world.id)
    assert found.dataset == world.datasets.get(world.me, world.id)
    assert list(found.refs) == world.versions.refs(world.me, world.id)
    assert [(c.id, c.refs) for c in found.heads] == [(second.id, ("main",)), (fixed.id, ("fix",)), (first.id, ("v1",))]
    assert found.version == world.versions.version(world.me, world.id, "main")
    assert found.counts == Counts(commits=3, branches=2, tags=1, tables=1, files=1)
    assert found.version is not None
    assert found.bytes == found.version.tables[0].bytes + 10
    assert [(m.action, m.ref) for m in found.changes] == [
        ("protect", "main"),
        ("commit", "main"),
        ("commit", "fix"),
        ("create", "fix"),
        ("create", "v1"),
        ("commit", "main"),
    ]


def test_an_overview_of_another_version_counts_what_that_holds(world: World) -> None:
    world.append(1)
    world.append(2, table="planes")
    found = world.versions.overview(world.me, world.id, "main~1")
    assert (found.counts.tables, found.counts.commits) == (1, 2)
    with pytest.raises(NotFoundError):
        world.versions.overview(world.me, world.id, "nowhere")


def test_a_new_dataset_and_one_whose_commits_were_undone_have_no_version(world: World) -> None:
    found = world.versions.overview(world.me, world.id)
    assert (found.version, found.heads, found.changes, found.bytes) == (None, (), (), 0)
    assert found.counts == Counts(commits=0, branches=1, tags=0, tables=0, files=0)
    world.append(1)
    world.versions.undo(world.me, world.id, "main")
    found = world.versions.overview(world.me, world.id)
    assert (found.version, found.counts.commits, found.changes[0].action) == (None, 1, "undo")


def test_an_overview_takes_few_statements_whatever_there_is(world: World) -> None:
    world.append(1)
    for number in range(30):
        world.tag(f"v{number}")
    world.versions.overview(world.me, world.id)
    seen: list[str] = []
    engine = world.container.database._catalog.engine

    def count(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    world.versions.overview(world.me, world.id)
    event.remove(engine, "before_cursor_execute", count)
    assert 0 < len(seen) <= 7, seen
