"""Merges ask for rights first, and name a branch that moved."""

from __future__ import annotations

import pytest

from jupyter_datasets.errors import PermissionDeniedError
from jupyter_datasets.services.merges.models import MergeRequest
from jupyter_datasets.values import Actor
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
