"""Datasets and lists of them are remembered only while nobody else can have changed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.container import build
from jupyter_datasets.errors import NotFoundError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.datasets.recent import Recent
from jupyter_datasets.settings import Settings
from jupyter_datasets.values import Actor

ME = Actor.local()


def test_what_this_process_changes_is_seen_at_once(tmp_path: Path) -> None:
    store = build(Settings.load(tmp_path / "store"))
    made = store.datasets.create(ME, "flights")
    assert store.datasets.get(ME, "flights") is store.datasets.get(ME, "flights")
    store.datasets.update(ME, "flights", description="late ones")
    assert store.datasets.get(ME, "flights").description == "late ones"
    store.datasets.delete(ME, "flights")
    for name in ("flights", made.id):
        with pytest.raises(NotFoundError):
            store.datasets.get(ME, name)
    store.close()


def test_a_list_is_looked_up_once_until_a_dataset_changes(tmp_path: Path) -> None:
    store = build(Settings.load(tmp_path / "store"))
    store.datasets.create(ME, "flights")
    with store.database.hold():
        assert store.datasets.list(ME) is store.datasets.list(ME)
        assert store.datasets.list(ME) is not store.datasets.list(ME, limit=10)
        store.datasets.create(ME, "airports")
        assert [d.name for d in store.datasets.list(ME).items] == ["airports", "flights"]
        store.datasets.update(ME, "flights", name="aeroplanes")
        assert [d.name for d in store.datasets.list(ME).items] == ["aeroplanes", "airports"]
        store.datasets.delete(ME, "airports")
        assert [d.name for d in store.datasets.list(ME).items] == ["aeroplanes"]
        store.datasets.restore(ME, "airports")
        assert len(store.datasets.list(ME).items) == 2
    store.close()


def test_no_more_is_remembered_than_allowed(tmp_path: Path) -> None:
    store = build(Settings.load(tmp_path / "store"))
    recent = Recent[int](store.database, 2)
    with store.database.hold(), store.database.read():
        assert [recent.get((key,), lambda: 1) for key in "abc"] == [1, 1, 1]
        assert [recent.get((key,), lambda: 2) for key in "ca"] == [1, 2]
    store.close()


def test_what_another_process_changed_meanwhile_is_seen(tmp_path: Path) -> None:
    first = build(Settings.load(tmp_path / "store", idle_close=0.0))
    first.datasets.create(ME, "flights")
    first.datasets.get(ME, "flights")
    second = build(Settings.load(tmp_path / "store", idle_close=0.0))
    second.datasets.update(ME, "flights", description="late ones")
    assert first.datasets.get(ME, "flights").description == "late ones"
    first.close()
    second.close()


def test_a_look_up_that_a_change_overtakes_is_not_kept(tmp_path: Path) -> None:
    store = build(Settings.load(tmp_path / "store"))
    old, recent = store.datasets.create(ME, "flights"), Recent[Dataset](store.database, 10)

    def overtaken() -> Dataset:
        with recent.changing():
            return old

    new = old.model_copy(update={"description": "late ones"})
    assert recent.get(("me", "flights"), overtaken) == old
    assert recent.get(("me", "flights"), lambda: new) == new
    assert recent.get(("me", "flights"), lambda: old) == new
    store.close()
