"""Log and graph: in order, whole, and page by page."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import insert

from jupyter_datasets.catalog import tables
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from tests.services.conftest import World


def pages(world: World, method: str, *args: Any, limit: int, **more: Any) -> list[list[Commit]]:
    """All pages of a log or graph, by cursor."""
    read = getattr(world.versions, method)
    found, cursor = [], None
    while True:
        page = read(world.me, world.id, *args, limit=limit, cursor=cursor, **more)
        found.append(list(page.items))
        cursor = page.cursor
        if cursor is None:
            return found


def ids(pages: list[list[Commit]]) -> list[str]:
    return [c.id for page in pages for c in page]


# --------------------------------------------------------------------------------------------------------- few commits


def test_a_log_begins_with_the_reference_itself_and_ends_with_the_first(world: World) -> None:
    made = [world.append(n, message=f"m{n}") for n in range(3)]
    world.branch("fix", at="main~1")
    made.append(world.append(9, branch="fix"))
    found = world.versions.log(world.me, world.id, "fix")
    assert [c.id for c in found.items] == [made[3].id, made[1].id, made[0].id]
    assert [c.refs for c in found.items] == [("fix",), (), ()]
    assert [c.seq for c in found.items] == [4, 2, 1]
    assert (found.items[2].message, found.items[2].author, found.cursor) == ("m0", world.me.name, None)


def test_an_unborn_branch_has_an_empty_log_and_graph(world: World) -> None:
    assert world.log() == []
    assert world.versions.graph(world.me, world.id).items == []


def test_a_graph_holds_what_any_branch_or_tag_leads_to_and_nothing_else(world: World) -> None:
    made = [world.append(n) for n in range(3)]
    world.branch("fix", at="main~2")
    made.append(world.append(9, branch="fix"))
    world.versions.undo(world.me, world.id, "main")
    found = [c.id for c in world.versions.graph(world.me, world.id).items]
    assert found == [made[3].id, made[1].id, made[0].id]
    world.tag("kept", at=made[2].id)
    assert [c.id for c in world.versions.graph(world.me, world.id).items] == [made[i].id for i in (3, 2, 1, 0)]


# -------------------------------------------------------------------------------------------------------- many commits


class Dag:
    """A random history of many commits in the catalog alone, and what its log must be."""

    def __init__(self, world: World, size: int) -> None:
        rng = random.Random(7)
        self.parents: dict[str, tuple[str, ...]] = {}
        for _ in range(size):
            recent = list(self.parents)[-12:]
            parents = rng.sample(recent, min(len(recent), rng.choice((1, 1, 1, 2))))
            self.parents[f"{rng.getrandbits(256):064x}"] = tuple(parents)
        self.seq = {commit: seq for seq, commit in enumerate(self.parents, start=1)}
        self.heads = {name: rng.choice(list(self.parents)[-20:]) for name in ("a", "b", "c")}
        self._write(world)

    def _write(self, world: World) -> None:
        about = {"dataset_id": world.id, "author": "a", "time_us": 1, "message": ""}
        commits = [{"id": c, "parents": " ".join(p), "seq": self.seq[c], **about} for c, p in self.parents.items()]
        heads = [{"dataset_id": world.id, "name": n, "kind": "branch", "commit_id": c} for n, c in self.heads.items()]
        with world.container.database.begin() as uow:
            uow.connection.execute(insert(tables.commits).values(commits))
            uow.connection.execute(insert(tables.refs).values(heads))
            uow.commit()

    def ancestors(self, *heads: str) -> list[str]:
        found, waiting = set(), [self.heads[h] for h in heads]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting.extend(self.parents[commit])
        return sorted(found, key=lambda c: -self.seq[c])


@pytest.fixture
def dag(world: World) -> Dag:
    return Dag(world, 430)


def test_pages_by_cursor_make_the_whole_log_and_graph(world: World, dag: Dag) -> None:
    for limit in (37, 10_000):
        for head in dag.heads:
            found = pages(world, "log", head, limit=limit)
            assert ids(found) == dag.ancestors(head)
            assert all(len(page) == limit for page in found[:-1])
        assert ids(pages(world, "graph", limit=limit)) == dag.ancestors("a", "b", "c")


def test_pages_by_offset_are_slices_of_the_log_and_lead_on_by_cursor(world: World, dag: Dag) -> None:
    whole = dag.ancestors("a")
    for offset in (0, 1, 199, 200, 201, len(whole) - 1, len(whole), len(whole) + 5, 10**9):
        assert world.log("a", limit=10, offset=offset) == whole[offset : offset + 10]
    first = world.versions.log(world.me, world.id, "a", limit=10, offset=100)
    assert world.log("a", limit=10, cursor=first.cursor) == whole[110:120]
    assert world.versions.log(world.me, world.id, "a", limit=len(whole)).cursor is None


def test_steps_back_follow_first_parents_over_a_long_history(world: World, dag: Dag) -> None:
    commit, line = dag.heads["a"], []
    while commit:
        line.append(commit)
        commit = next(iter(dag.parents[commit]), "")
    for steps in (1, 15, 16, 17, len(line) - 1):
        assert world.resolve(f"a~{steps}") == line[steps]


# ----------------------------------------------------------------------------------------------------------- bad pages


@pytest.mark.parametrize("cursor", ["", "x", "[]", "[1]", "[1, 2]", "null", "5", "[Infinity, []]", '[1e400, ["a"]]'])
def test_a_cursor_of_ones_own_making_is_refused(world: World, cursor: str) -> None:
    world.append(1)
    for read in (world.versions.log, world.versions.graph):
        with pytest.raises(InvalidInputError):
            read(world.me, world.id, cursor=cursor)


def test_a_cursor_from_far_off_finds_nothing(world: World) -> None:
    world.append(1)
    assert world.log(cursor='[99999999999999999999, ["a"]]') == []


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": -1}, {"limit": 10_001}, {"offset": -1}])
def test_a_page_that_cannot_be_is_refused(world: World, page: dict[str, int]) -> None:
    world.append(1)
    with pytest.raises(InvalidInputError):
        world.log(**page)
