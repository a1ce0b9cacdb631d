"""Merges ask for rights first; those with conflicts are kept until they are committed or aborted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jupyter_datasets.catalog import tables
from jupyter_datasets.container import build
from jupyter_datasets.errors import ErrorKind, NotFoundError, PermissionDeniedError
from jupyter_datasets.services.merges import records
from jupyter_datasets.services.merges.models import Merge, MergeRequest, Resolution
from jupyter_datasets.values import Actor, Micros
from tests.services.conftest import World


def test_a_stranger_may_bring_nothing_together(world: World, stranger: Actor) -> None:
    """Neither merge, nor take back, nor repeat."""
    world.append(1)
    world.append(2)
    head, merges = world.head(), world.container.merges
    for call in (
        lambda: merges.merge(stranger, world.id, MergeRequest(source="main", into="main")),
        lambda: merges.revert(stranger, world.id, "main", "main", "", ()),
        lambda: merges.cherry_pick(stranger, world.id, "main", "main", "", ()),
        lambda: merges.in_progress(stranger, world.id),
        lambda: merges.state(stranger, world.id, "made-up"),
        lambda: merges.answer(stranger, world.id, "made-up", ()),
        lambda: merges.take_back(stranger, world.id, "made-up"),
        lambda: merges.refresh(stranger, world.id, "made-up"),
        lambda: merges.commit(stranger, world.id, "made-up"),
        lambda: merges.abort(stranger, world.id, "made-up"),
    ):
        with pytest.raises(PermissionDeniedError):
            call()
    assert world.head() == head


def test_a_criss_cross_history_is_merged(world: World) -> None:
    """Both branches merged into each other, and on from there: what each did since is done to the other."""
    world.append(1)
    world.branch("fix")
    world.append(2)
    world.append(3, branch="fix")
    merges, me = world.container.merges, world.me
    before = world.head()
    merges.merge(me, world.id, MergeRequest(source="fix", into="main"))
    merges.merge(me, world.id, MergeRequest(source=str(before), into="fix"))
    world.append(4)
    world.append(5, branch="fix")
    merges.merge(me, world.id, MergeRequest(source="fix", into="main"))
    assert sorted(world.rows()) == [1, 2, 3, 4, 5]
    assert merges.merge(me, world.id, MergeRequest(source="fix", into="main")).commit is None


def at_odds(world: World, branch: str = "fix") -> Merge:
    """A merge in progress: each side attached another table of one name."""
    world.append(1)
    world.branch(branch)
    world.append(2, table="odd")
    world.append(3, table="odd", branch=branch)
    found = world.container.merges.merge(world.me, world.id, MergeRequest(source=branch, into="main")).merge
    assert found is not None
    return found


def test_a_merge_in_progress_outlives_the_process(world: World) -> None:
    """Another one finds it as it was, answers included, and commits it."""
    merges, me = world.container.merges, world.me
    kept = at_odds(world)
    kept = merges.answer(me, world.id, kept.id, [Resolution(take="theirs", table="odd")])
    settings = world.container.settings
    world.container.close(wait=False)
    again = build(settings)
    try:
        assert again.merges.in_progress(me, world.id) == [kept]
        assert again.merges.commit(me, world.id, kept.id).commit is not None
        assert again.merges.in_progress(me, world.id) == []
    finally:
        again.close(wait=False)


def test_one_of_two_answers_at_once_is_refused(world: World) -> None:
    """Who writes over what he did not see is told, and nothing is lost."""
    kept = at_odds(world)
    seen = kept
    with world.container.database.begin() as uow:
        assert records.save(uow.connection, seen, seen.evolve(updated=Micros(seen.updated + 1), message="mine"))
        assert not records.save(uow.connection, seen, seen.evolve(updated=Micros(seen.updated + 2), message="theirs"))
        uow.commit()
    assert world.container.merges.in_progress(world.me, world.id)[0].message == "mine"


def test_a_merge_is_committed_once(world: World) -> None:
    """It goes in the transaction that moves the branch: who comes later finds nothing, and the branch as it is."""
    merges, me = world.container.merges, world.me
    kept = at_odds(world)
    merges.answer(me, world.id, kept.id, [Resolution(take="ours")])
    merges.commit(me, world.id, kept.id)
    head = world.head()
    for call in (merges.commit, merges.refresh, merges.state, merges.abort):
        with pytest.raises(NotFoundError) as caught:
            call(me, world.id, kept.id)
        assert caught.value.kind is ErrorKind.MERGE_NOT_FOUND
    assert world.head() == head


def test_a_merge_belongs_to_its_dataset(world: World) -> None:
    """Under another one's name it is not found."""
    kept = at_odds(world)
    other = World(world.container, world.me, "other")
    with pytest.raises(NotFoundError):
        world.container.merges.state(world.me, other.id, kept.id)


def test_merges_go_with_their_dataset(world: World) -> None:
    """They wait in the bin, and are gone with it."""
    at_odds(world)
    world.datasets.delete(world.me, world.id)
    world.datasets.restore(world.me, world.id)
    assert len(world.container.merges.in_progress(world.me, world.id)) == 1
    world.datasets.delete(world.me, world.id)
    world.container.housekeeping.empty_bin(world.me, 0)
    with world.container.database.read() as connection:
        assert connection.execute(select(tables.merges)).all() == []
