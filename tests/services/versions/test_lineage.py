"""What made a commit, what it read, and the way from version to version."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from jupyter_datasets.container import Container
from jupyter_datasets.errors import InvalidInputError, PermissionDeniedError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.provenance import Claim, InputVersion, Lineage, Provenance
from jupyter_datasets.store import packs
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.values import Actor, CommitId, DatasetId, Micros
from tests.services.conftest import World

CELL = Claim(kind="notebook", notebook="work/a.ipynb", cell="3f2a", execution=7, code="0" * 64, packages={"a": "1.0"})


def read(world: World, commit: Commit, *tables: str) -> InputVersion:
    return InputVersion(dataset=world.id, commit=commit.id, tables=tables)


def append(world: World, *inputs: InputVersion, claim: Claim = CELL, branch: str = "main") -> Commit:
    """A commit of one row that a claim tells of."""
    edit = world.begin(branch)
    world.put(edit, [1])
    said = Provenance.of(claim.model_copy(update={"inputs": inputs}))
    made = world.edits.commit(world.me, edit, provenance=said)
    assert made is not None
    return made


def provenance(world: World, ref: str = "main") -> Provenance:
    found = world.versions.provenance(world.me, world.id, ref)
    assert found is not None
    return found


def lineage(world: World, ref: str = "main", **how: Any) -> Lineage:
    return world.versions.lineage(world.me, world.id, ref, **how)


def arrows(found: Lineage) -> set[str]:
    return {f"{found.nodes[e.source].dataset} > {found.nodes[e.target].dataset}" for e in found.edges}


@pytest.fixture
def worlds(container: Container, me: Actor) -> list[World]:
    """Datasets ``a`` to ``e``, of which each has a version."""
    found = [World(container, me, name) for name in "abcde"]
    for each in found:
        each.append(0)
    return found


def head(world: World) -> Commit:
    return world.versions.resolve(world.me, world.id, "main")


# ------------------------------------------------------------------------------------------------------- provenance


def test_a_commit_tells_what_made_it(worlds: list[World]) -> None:
    """All that was claimed comes back, and inputs by id and name."""
    a, b, *_ = worlds
    append(b, read(a, head(a), "trips"))
    found = provenance(b)
    assert found.model_dump(exclude={"inputs", "file"}) == CELL.model_dump(exclude={"inputs"})
    assert found.inputs == (InputVersion(dataset=a.id, name="a", commit=head(a).id, tables=("trips",)),)
    assert str(found) == "work/a.ipynb, cell 3f2a"


def test_a_commit_of_which_nothing_was_told_has_none(world: World) -> None:
    """Not even an empty one."""
    world.append(1)
    assert world.versions.provenance(world.me, world.id) is None


def test_a_commit_without_provenance_has_the_id_it_always_had() -> None:
    """Its text does not name what it lacks."""
    made = CommitObject(content=Content(), parents=(), author="a", time=Micros(1), message="m")
    assert b"provenance" not in made.encode()


def test_what_is_told_twice_is_kept_once(world: World) -> None:
    """The pack of the second commit does not hold it again."""
    backend = world.container.backend
    append(world)
    before = set(backend.names("packs"))
    append(world)
    (pack,) = set(backend.names("packs")) - before
    held, _ = packs.read_end(backend.read("packs", pack))
    made = world.container.objects.commit(head(world).id)
    assert made.provenance is not None
    assert made.provenance not in held
    assert provenance(world).cell == "3f2a"


def test_what_another_process_collected_meanwhile_is_kept_again(world: World) -> None:
    """Memory that is outdated is noticed before the commit relies on it."""
    first = append(world)
    said = world.container.objects.commit(first.id).provenance
    with world.container.database.begin() as uow:
        from jupyter_datasets.services.housekeeping import records

        assert said is not None
        records.drop_objects(uow.connection, [said])
        uow.commit()
    append(world)
    world.container.objects.forget()
    assert provenance(world).cell == "3f2a"


def test_a_dataset_may_be_claimed_by_name(worlds: list[World]) -> None:
    """As DataFrames know them."""
    a, b, *_ = worlds
    append(b, InputVersion(dataset="a", commit=head(a).id))
    assert [read.dataset for read in provenance(b).inputs] == [a.id]


def test_what_cannot_have_been_read_is_left_out(worlds: list[World]) -> None:
    """Datasets that there are not, and commits that are not of the dataset."""
    a, b, *_ = worlds
    wrong = [("nowhere", head(a).id), (a.id, "0" * 64), (a.id, head(b).id), ("it's; DROP TABLE", head(a).id)]
    append(b, *(InputVersion(dataset=dataset, commit=commit) for dataset, commit in wrong))
    assert provenance(b).inputs == ()
    assert lineage(b).edges == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"notebook": "x" * 501},
        {"notebook": "a\nb"},
        {"cell": "\x00"},
        {"script": "\u202egnp.exe"},
        {"code": "abc"},
        {"execution": -1},
        {"packages": {str(n): "1" for n in range(201)}},
        {"inputs": [{"dataset": "a", "commit": "0" * 64}] * 101},
        {"kind": "merge"},
        {"host": "secret"},
    ],
)
def test_a_claim_that_is_too_much_or_not_plain_is_refused(wrong: dict[str, Any]) -> None:
    """Texts are of one line and limited, and nothing unknown is kept."""
    with pytest.raises(ValidationError):
        Claim.model_validate({"kind": "notebook"} | wrong)


def test_a_claim_has_at_most_64_kb(world: World) -> None:
    """However it is made up; the edit is over then and nothing was changed."""
    edit = world.begin()
    world.put(edit, [1])
    said = Provenance.of(CELL.model_copy(update={"packages": {f"{n:0400}": "x" * 400 for n in range(100)}}))
    with pytest.raises(InvalidInputError, match="64,000 bytes"):
        world.edits.commit(world.me, edit, provenance=said)
    assert world.head() is None


# ---------------------------------------------------------------------------------------------------------- lineage


def test_a_version_was_not_made_from_what_came_of_it(worlds: list[World]) -> None:
    """Where two datasets read each other in turn, the way down does not lead back to what was read earlier."""
    a, b, *_ = worlds
    first = head(a)
    made = append(b, read(a, first))
    second = append(a, read(b, made))
    edges = {(e.read, e.through) for e in lineage(b, made.id).edges}
    assert edges == {(first.id, made.id), (made.id, second.id)}
    assert tuple(sorted(arrows(lineage(b, made.id)))) == ("a > b", "b > a")


def test_a_lineage_goes_up_and_down(worlds: list[World]) -> None:
    """Through all datasets in between, with the commits and tables that say so."""
    a, b, c, d, _ = worlds
    append(b, read(a, head(a), "trips"))
    append(c, read(b, head(b)))
    append(d, read(c, head(c)))
    assert arrows(lineage(b)) == {"a > b", "b > c", "c > d"}
    assert arrows(lineage(b, direction="up")) == {"a > b"}
    assert arrows(lineage(b, direction="down")) == {"b > c", "c > d"}
    up = lineage(b, direction="up")
    assert (up.edges[0].read, up.edges[0].through, up.edges[0].tables) == (head(a).id, head(b).id, ("trips",))
    assert up.edges[0].made_by == "work/a.ipynb, cell 3f2a"
    assert up.nodes[0].commit is not None
    assert up.nodes[0].commit.id == head(b).id


def test_a_version_is_made_of_what_its_history_read(worlds: list[World]) -> None:
    """The newest version of each dataset counts; what a later version or another branch read does not."""
    a, b, c, d, e = worlds
    old = head(a)
    append(b, read(a, old))
    a.append(2)
    through = append(b, read(a, head(a)), read(c, head(c)))
    b.append(3)
    b.branch("side")
    append(b, read(d, head(d)), branch="side")
    b.tag("v1")
    append(b, read(e, head(e)))
    found = lineage(b, "v1", direction="up")
    assert arrows(found) == {"a > b", "c > b"}
    assert {edge.read for edge in found.edges} == {head(a).id, head(c).id}
    assert {edge.through for edge in found.edges} == {through.id}


def test_below_a_dataset_is_what_read_any_version_of_it(worlds: list[World]) -> None:
    """The newest commit of each other dataset is shown, with the version that it read."""
    a, b, *_ = worlds
    old = head(a)
    append(b, read(a, old))
    a.append(2)
    last = append(b, read(a, old))
    (edge,) = lineage(a, direction="down").edges
    assert (edge.read, edge.through) == (old.id, last.id)


def test_a_dataset_that_reads_itself_has_no_lineage_by_that(world: World) -> None:
    """But the commit tells."""
    first = world.append(1)
    append(world, read(world, first))
    assert len(provenance(world).inputs) == 1
    assert lineage(world).edges == ()


def test_datasets_that_read_each_other_end_somewhere(worlds: list[World]) -> None:
    """Each version is told once."""
    a, b, *_ = worlds
    for _ in range(3):
        append(b, read(a, head(a)))
        append(a, read(b, head(b)))
    found = lineage(a, depth=20)
    assert not found.cut
    assert len(found.nodes) == len({(n.dataset_id, n.commit_id) for n in found.nodes}) == 7


def test_a_lineage_says_when_it_is_cut(worlds: list[World]) -> None:
    """By its depth; one step less than there is, is cut."""
    a, b, c, *_ = worlds
    append(b, read(a, head(a)))
    append(c, read(b, head(b)))
    assert lineage(c, depth=1).cut
    assert arrows(lineage(c, depth=1)) == {"b > c"}
    assert not lineage(c, depth=2).cut


def test_a_lineage_has_a_most_of_nodes(worlds: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    """And says that it was cut there."""
    monkeypatch.setattr("jupyter_datasets.services.versions.lineage.MOST_NODES", 3)
    *above, e = worlds
    append(e, *(read(each, head(each)) for each in above))
    found = lineage(e)
    assert (len(found.nodes), len(found.edges), found.cut) == (3, 2, True)


@pytest.mark.parametrize("depth", [0, 21, -1])
def test_a_lineage_of_no_or_too_many_steps_is_refused(world: World, depth: int) -> None:
    """Up to 20 are told."""
    world.append(1)
    with pytest.raises(InvalidInputError, match="1 to 20"):
        lineage(world, depth=depth)


def test_a_deleted_dataset_is_told_as_gone(worlds: list[World]) -> None:
    """By the name under which it was read."""
    a, b, *_ = worlds
    append(b, read(a, head(a)))
    a.datasets.delete(a.me, a.id)
    node = lineage(b).nodes[1]
    assert (node.state, node.dataset, node.commit) == ("gone", "a", None)


def test_of_a_dataset_without_rights_nothing_is_told(worlds: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither name nor commit nor tables, and the way ends there."""
    a, b, c, *_ = worlds
    append(b, read(a, head(a)))
    append(c, read(b, head(b), "secret"))
    allow = c.container.permissions.require

    def require(actor: Actor, dataset_id: DatasetId | None, role: Any) -> None:
        if dataset_id == b.id:
            raise PermissionDeniedError("No.")
        allow(actor, dataset_id, role)

    monkeypatch.setattr(c.container.permissions, "require", require)
    told = lineage(c).model_dump_json() + provenance(c).model_dump_json(exclude={"inputs": {"__all__": {"commit"}}})
    assert lineage(c).nodes[1].state == "hidden"
    assert len(lineage(c).nodes) == 2
    assert b.id not in told
    assert "secret" not in told
    assert lineage(c).edges[0].read is None


def test_nobody_without_rights_asks(world: World, stranger: Actor) -> None:
    """Both calls check first."""
    world.append(1)
    with pytest.raises(PermissionDeniedError):
        world.versions.lineage(stranger, world.id)
    with pytest.raises(PermissionDeniedError):
        world.versions.provenance(stranger, world.id)


def test_a_merge_tells_that_it_is_one(world: World) -> None:
    """And so do reverts and cherry-picks."""
    world.append(1)
    world.branch("fix")
    world.append(2, branch="fix")
    done = world.append(3)
    world.put(edit := world.begin(), pa.table({"k": [1]}), table="other")
    world.edits.commit(world.me, edit)
    world.container.merges.revert(world.me, world.id, done.id, "main", "", ())
    assert provenance(world).kind == "revert"
    world.container.merges.cherry_pick(world.me, world.id, done.id, "main", "", ())
    assert provenance(world).kind == "cherry-pick"


def test_the_commits_that_there_were_tell_nothing(world: World) -> None:
    """A reference to a commit that was made without provenance gives None at any place of history."""
    first = world.append(1)
    append(world)
    assert world.versions.provenance(world.me, world.id, CommitId(first.id)) is None
    assert world.versions.provenance(world.me, world.id, "main~1") is None
