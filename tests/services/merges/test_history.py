"""Where histories were one is found in one pass down the numbers of their commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from jupyter_datasets.services.merges import history
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, Micros
from tests.services.conftest import World

DISTANCE = 400


def made(connection: Connection, world: World, seq: int, *parents: Commit) -> Commit:
    commit = Commit(
        id=CommitId(f"{seq:064x}"),
        parents=tuple(parent.id for parent in parents),
        seq=seq,
        author="somebody",
        time=Micros(seq),
        message="",
    )
    records.add_commit(connection, world.id, commit)
    return commit


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    with world.container.database.begin() as uow:
        yield uow.connection


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """The statements that were made meanwhile."""
    found: list[str] = []

    def note(_1: object, _2: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield found
    event.remove(connection, "before_cursor_execute", note)


def test_it_takes_few_statements_however_far_it_is(world: World, connection: Connection) -> None:
    """Of two branches that went their own ways for hundreds of commits."""
    root = one = other = made(connection, world, 1)
    for step in range(1, DISTANCE):
        one, other = made(connection, world, 2 * step, one), made(connection, world, 2 * step + 1, other)
    with counted(connection) as statements:
        assert history.fork(connection, world.id, one, other) == root.id
        assert history.common_ancestors(connection, world.id, one, other) == [root.id]
    assert len(statements) < 10


def test_what_is_near_is_found_near(world: World, connection: Connection) -> None:
    """With one statement, whatever else there is before."""
    head = made(connection, world, 1)
    for seq in range(2, DISTANCE):
        head = made(connection, world, seq, head)
    left, right = made(connection, world, DISTANCE, head), made(connection, world, DISTANCE + 1, head)
    for find, expected in ((history.fork, head.id), (history.common_ancestors, [head.id])):
        with counted(connection) as statements:
            assert find(connection, world.id, left, right) == expected
        assert len(statements) == 1


def test_crossing_lines_have_several_ancestors_and_one_fork(world: World, connection: Connection) -> None:
    """A merge is a step of the branch that took it."""
    root = made(connection, world, 1)
    one, other = made(connection, world, 2, root), made(connection, world, 3, root)
    left, right = made(connection, world, 4, one, other), made(connection, world, 5, other, one)
    assert set(history.common_ancestors(connection, world.id, left, right)) == {one.id, other.id}
    assert history.fork(connection, world.id, left, right) == root.id
    assert history.fork(connection, world.id, left, left) == left.id
    assert history.fork(connection, world.id, left, one) == one.id


def test_strangers_have_nothing_in_common(world: World, connection: Connection) -> None:
    """Though their commits are in one dataset."""
    one = made(connection, world, 1)
    other = made(connection, world, 3, made(connection, world, 2))
    assert history.fork(connection, world.id, one, other) is None
    assert history.common_ancestors(connection, world.id, one, other) == []
