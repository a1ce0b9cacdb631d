"""A writer that takes up again what is being collected never loses it, wherever the one meets the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from jupyter_datasets import faults
from jupyter_datasets.errors import NotFoundError
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, fill

GC_POINTS = ("gc.marked", "gc.before-forgetting", "gc.forgotten", "gc.deleted", "gc.condemned")
COMMIT_POINTS = (
    "commit.before-objects",
    "commit.before-pack",
    "store.before-rename",
    "store.after-rename",
    "commit.before-catalog",
    "catalog.before-commit",
    "catalog.after-commit",
    "commit.after-catalog",
)
REF_POINTS = ("catalog.before-commit", "catalog.after-commit")
Act = Callable[[World], object]


def collect(world: World) -> object:
    return world.container.housekeeping.gc(world.me, grace_hours=0, undo_days=0)


def write_again(world: World) -> None:
    """The rows of the branch that was deleted, large and small."""
    edit = world.begin()
    world.put(edit, list(range(1000)), mode="replace")
    world.put(edit, [1, 2, 3], mode="replace", table="notes")
    world.edits.commit(world.me, edit)


def name_again(world: World) -> None:
    """The commit itself, which may be gone by then."""
    with suppress(NotFoundError):
        world.branch("again", at="#2")


def undo(world: World) -> None:
    """Of the branch's deletion, which may come too late."""
    with suppress(NotFoundError):
        world.versions.undo(world.me, world.id, "fix")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def condemned(world: World) -> World:
    """``main`` has other rows than the commit of a deleted branch, which is condemned."""
    fill(world, first=100_000)
    world.branch("fix")
    edit = world.begin("fix")
    world.put(edit, list(range(1000)), mode="replace")
    world.put(edit, [1, 2, 3], mode="replace", table="notes")
    world.edits.commit(world.me, edit)
    world.versions.delete_ref(world.me, world.id, "fix")
    collect(world)
    return world


class Meeting:
    """At a point of what one thread does another one begins; the first goes on when that is done or must wait."""

    def __init__(self, pool: ThreadPoolExecutor, point: str, other: Callable[[], object]) -> None:
        self._pool = pool
        self._point = point
        self._other = other
        self._thread = threading.current_thread()
        self.met: Future[object] | None = None

    def reach(self, point: str) -> None:
        if point == self._point and threading.current_thread() is self._thread and self.met is None:
            self.met = self._pool.submit(self._other)
            with suppress(TimeoutError):
                self.met.result(0.3)


def check(world: World) -> None:
    """All versions are whole, also for one who has nothing in memory, and stay so when collected twice more."""
    for _ in range(3):
        world.container.objects.forget()
        assert failed(world.container.housekeeping.fsck(world.me)) == []
        for ref in world.versions.refs(world.me, world.id):
            assert len(world.rows(ref.name)) == 1000
        collect(world)


def meet(
    world: World, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, point: str, first: Act, other: Act
) -> None:
    meeting = Meeting(pool, point, lambda: other(world))
    with monkeypatch.context() as patched:
        patched.setattr(faults, "reach", meeting.reach)
        first(world)
        if meeting.met is not None:
            meeting.met.result(30)
    check(world)


@pytest.mark.parametrize("act", [write_again, name_again, undo])
@pytest.mark.parametrize("point", GC_POINTS)
def test_a_writer_comes_while_gc_is_at_work(
    condemned: World, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, point: str, act: Act
) -> None:
    """Wherever gc is, what the writer takes up is there afterwards, or was refused."""
    meet(condemned, pool, monkeypatch, point, collect, act)


@pytest.mark.parametrize("point", COMMIT_POINTS)
def test_gc_comes_while_a_writer_is_at_work(
    condemned: World, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Wherever the commit is, gc takes nothing of what it relies on."""
    meet(condemned, pool, monkeypatch, point, write_again, collect)
    assert condemned.rows()[:3] == [0, 1, 2]


@pytest.mark.parametrize("act", [name_again, undo])
@pytest.mark.parametrize("point", REF_POINTS)
def test_gc_comes_while_a_reference_moves(
    condemned: World, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, point: str, act: Act
) -> None:
    """Wherever that is, what the reference names is kept from then on."""
    meet(condemned, pool, monkeypatch, point, act, collect)
    assert {"again", "fix"} & {ref.name for ref in condemned.versions.refs(condemned.me, condemned.id)}
