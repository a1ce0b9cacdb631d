"""The health service over both kinds of catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from jupyter_datasets.container import Container, build
from jupyter_datasets.errors import NotFoundError, PermissionDeniedError
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.values import Actor

ME = Actor.local()


@pytest.fixture
def container(store: Path, catalog_url: str) -> Iterator[Container]:
    """A store with one dataset of two commits, once for each kind of catalog."""
    made = build(Settings(store=store, catalog_url=catalog_url))
    made.datasets.create(ME, "sales")
    for value in (1, 2):
        edit = made.edits.begin(ME, "sales")
        rows = pa.table({"a": [value]})
        made.edits.put(ME, edit.id, "sales", "replace", rows.schema, rows.to_batches())
        made.edits.commit(ME, edit.id)
    yield made
    made.close()


@pytest.mark.parametrize("rehash", [None, "sales", "all"])
def test_a_sound_store_has_no_failing_check(container: Container, rehash: str | None) -> None:
    """However closely one looks; the catalog's kind is told."""
    report = container.health.check(ME, rehash)
    assert report.ok
    (catalog,) = (check for check in report.checks if check.name == "catalog")
    assert catalog.message.startswith(container.database.dialect)


def test_old_versions_are_looked_at_when_asked(container: Container) -> None:
    """A segment that only an old version needs is missed by ``rehash``, which names that version."""
    old = container.versions.plan(ME, "sales", "main~1", "sales").segments[0]
    Path(old.path).unlink()
    assert container.health.check(ME).ok
    (failed,) = (check for check in container.health.check(ME, "sales").checks if check.status == "fail")
    assert failed.details["versions"] == ["#1"]


def test_a_file_that_only_an_old_version_lacks_is_missed_when_everything_is_read(container: Container) -> None:
    """It is not there to be read, and is looked for all the same."""
    old = container.versions.plan(ME, "sales", "main~1", "sales").segments[0]
    Path(old.path).unlink()
    (failed,) = (check for check in container.health.check(ME, "all").checks if check.status == "fail")
    assert failed.details["versions"] == ["#1"]


def test_what_no_version_needs_is_counted_when_everything_is_read(container: Container) -> None:
    """It is no fault; with a version that cannot be read nobody can tell, and nothing is said."""

    def unused() -> list[dict[str, int]]:
        return [c.details for c in container.health.check(ME, "all").checks if c.name == "rehash files"]

    assert unused() == [{"unused": 0, "unused_bytes": 0}]
    data = b"left by an interrupted write"
    container.backend.write("objects", hash_bytes(data), data)
    assert unused() == [{"unused": 1, "unused_bytes": len(data)}]
    assert container.health.check(ME, "all").ok
    container.objects._cache.clear()
    pack = container.backend.path("packs", next(container.backend.names("packs")))
    pack.unlink()
    assert unused() == []


def test_a_dataset_in_the_bin_is_checked_too(container: Container) -> None:
    """It can be restored, so it must be whole."""
    segment = container.versions.plan(ME, "sales", "main", "sales").segments[0]
    container.datasets.delete(ME, "sales")
    assert container.health.check(ME).ok
    Path(segment.path).unlink()
    (failed,) = (check for check in container.health.check(ME).checks if check.status == "fail")
    assert failed.name == "dataset sales (in the bin)"


def test_progress_is_told_in_bytes(container: Container) -> None:
    """It ends with all bytes read."""
    seen: list[tuple[int, int]] = []
    container.health.check(ME, "all", lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0


def test_only_an_administrator_may_check(container: Container) -> None:
    """A stranger learns nothing of the machine, and an unknown dataset is an error."""
    with pytest.raises(PermissionDeniedError):
        container.health.check(Actor(id="local:stranger", name="stranger"))
    with pytest.raises(NotFoundError):
        container.health.check(ME, "nothing")


def test_before_the_first_write_nothing_fails(tmp_path: Path, catalog_url: str) -> None:
    """With the catalog on a server the store's folder comes with the first import."""
    made = build(Settings(store=tmp_path / "new", catalog_url=catalog_url))
    try:
        assert made.health.check(ME).ok
    finally:
        made.close()
