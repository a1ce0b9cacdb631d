"""From a reference as people write it to a commit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, DatasetId, Micros, to_datetime
from tests.services.conftest import World


@pytest.fixture
def commits(world: World) -> list[Commit]:
    """Three commits on main, the second tagged v1 and with a branch fix, whose own commit is the fourth."""
    made = [world.append(n) for n in (1, 2, 3)]
    world.tag("v1", at="main~1")
    world.branch("fix", at="v1")
    return [*made, world.append(4, branch="fix")]


FORMS = {
    "main": 2,
    "v1": 1,
    "fix": 3,
    "branch:main": 2,
    "tag:v1": 1,
    "#1": 0,
    "#4": 3,
    "#4~1": 1,
    "main~": 1,
    "main~0": 2,
    "main~2": 0,
    "main^": 1,
    "main^0": 2,
    "main^1~1": 0,
    "main^^": 0,
    "fix~2": 0,
    "v1~1": 0,
    "tag:v1^": 0,
}


def test_every_form_names_its_commit(world: World, commits: list[Commit]) -> None:
    assert {form: world.resolve(form) for form in FORMS} == {form: commits[i].id for form, i in FORMS.items()}


def test_a_commit_is_named_by_its_digits_from_six_on(world: World, commits: list[Commit]) -> None:
    whole = commits[0].id
    forms = [whole, whole[:12], whole[:6], whole[:20].upper(), f"commit:{whole[:8]}", f"{whole}~0"]
    assert {world.resolve(form) for form in forms} == {whole}


def test_a_resolved_commit_tells_what_points_at_it(world: World, commits: list[Commit]) -> None:
    found = world.versions.resolve(world.me, "trips", "v1")
    assert found == commits[1].model_copy(update={"refs": ("v1",)})
    assert found.parents == (commits[0].id,)


def test_references_of_several_datasets_are_resolved_at_one_moment(world: World, commits: list[Commit]) -> None:
    other = world.datasets.create(world.me, "other").id
    named = [(DatasetId(world.id), ref) for ref in ("main~1", "fix", "#1")]
    assert world.versions.snapshot(world.me, named) == [commits[i].id for i in (1, 3, 0)]
    with pytest.raises(NotFoundError) as caught:
        world.versions.snapshot(world.me, [*named, (other, "main")])
    assert caught.value.kind is ErrorKind.UNBORN_BRANCH


def test_digits_that_fit_several_commits_are_refused_with_the_candidates(world: World, commits: list[Commit]) -> None:
    twins = [
        commits[0].model_copy(update={"id": CommitId("abc123" + end * 58), "seq": n}) for n, end in ((8, "0"), (9, "f"))
    ]
    with world.container.database.begin() as uow:
        for twin in twins:
            records.add_commit(uow.connection, DatasetId(world.id), twin)
        uow.commit()
    with pytest.raises(InvalidInputError) as caught:
        world.resolve("abc123")
    assert caught.value.kind is ErrorKind.AMBIGUOUS_REF
    assert caught.value.details["candidates"] == [t.id for t in twins]
    assert world.resolve("abc1230") == twins[0].id


MISSING = {
    "mian": (ErrorKind.REF_NOT_FOUND, "Did you mean 'main'"),
    "zzz": (ErrorKind.REF_NOT_FOUND, "There are: fix, main, v1"),
    "tag:main": (ErrorKind.REF_NOT_FOUND, ""),
    "branch:v1": (ErrorKind.REF_NOT_FOUND, ""),
    "commit:main": (ErrorKind.REF_NOT_FOUND, ""),
    "abcabcabc0": (ErrorKind.COMMIT_NOT_FOUND, "log"),
    "#0": (ErrorKind.COMMIT_NOT_FOUND, "newest is #4"),
    "#5": (ErrorKind.COMMIT_NOT_FOUND, "newest is #4"),
    "#999999999999999999": (ErrorKind.COMMIT_NOT_FOUND, "newest is #4"),
    "main~3": (ErrorKind.COMMIT_NOT_FOUND, "history begins 2 steps before"),
    "main~1000000000": (ErrorKind.COMMIT_NOT_FOUND, "history begins 2 steps before"),
    "#1~7": (ErrorKind.COMMIT_NOT_FOUND, "history begins with"),
    "main^2": (ErrorKind.COMMIT_NOT_FOUND, "has 1 parent."),
    "#1^": (ErrorKind.COMMIT_NOT_FOUND, "has 0 parents."),
    "zzz@{2100-01-01}": (ErrorKind.REF_NOT_FOUND, ""),
    "tag:main@{2100-01-01}": (ErrorKind.REF_NOT_FOUND, ""),
    "branch:v1@{2100-01-01}": (ErrorKind.REF_NOT_FOUND, ""),
}


def test_what_names_nothing_says_so_and_what_there_is(world: World, commits: list[Commit]) -> None:
    del commits
    for text, (kind, hint) in MISSING.items():
        with pytest.raises(NotFoundError) as caught:
            world.resolve(text)
        assert (text, caught.value.kind) == (text, kind)
        assert hint in str(caught.value)


def test_a_branch_without_commits_is_unborn_and_not_unknown(world: World) -> None:
    for text in ("main", "main~1", "branch:main", "main@{2100-01-01}"):
        with pytest.raises(NotFoundError) as caught:
            world.resolve(text)
        assert caught.value.kind is ErrorKind.UNBORN_BRANCH
    with pytest.raises(NotFoundError, match="no commits yet"):
        world.resolve("#1")


def test_a_commit_of_another_dataset_is_unknown_here(world: World, commits: list[Commit]) -> None:
    other = world.datasets.create(world.me, "other").id
    with pytest.raises(NotFoundError):
        world.versions.resolve(world.me, other, commits[0].id)


# ---------------------------------------------------------------------------------------------------------- name@{time}


def at(moment: Micros) -> str:
    return f"@{{{to_datetime(moment).isoformat(timespec='microseconds')}}}"


def moves(world: World, ref: str) -> list[Micros]:
    return [move.time for move in world.versions.moves(world.me, world.id, ref)]


def test_a_time_names_where_the_reference_pointed_then(world: World, commits: list[Commit]) -> None:
    times = moves(world, "main")
    assert [world.resolve("main" + at(t)) for t in times] == [c.id for c in commits[:3]]
    assert world.resolve("main" + at(Micros(times[1] - 1))) == commits[0].id
    assert world.resolve("branch:main@{2100-01-01}") == commits[2].id
    assert world.resolve("v1@{2100-01-01}") == world.resolve("tag:v1@{2100-01-01}") == commits[1].id


def test_a_time_without_zone_is_utc(world: World, commits: list[Commit]) -> None:
    moment = to_datetime(moves(world, "main")[0]).astimezone(UTC).replace(tzinfo=None)
    assert world.resolve(f"main@{{{moment.isoformat(timespec='microseconds')}}}") == commits[0].id


def test_a_time_before_the_first_entry_is_refused_with_the_earliest(world: World, commits: list[Commit]) -> None:
    del commits
    earliest = moves(world, "main")[0]
    for text in ("main@{2000-01-01}", "main@{0001-01-01}", "main" + at(Micros(earliest - 1))):
        with pytest.raises(NotFoundError) as caught:
            world.resolve(text)
        assert caught.value.kind is ErrorKind.NO_VERSION_AT_TIME
        assert caught.value.details["earliest"] == earliest
        assert datetime.isoformat(to_datetime(earliest), timespec="microseconds") in caught.value.next_step


def test_time_sees_undo_deletion_and_creation(world: World, commits: list[Commit]) -> None:
    world.versions.undo(world.me, world.id, "main")
    world.versions.delete_ref(world.me, world.id, "fix")
    world.branch("fix", at="#1")
    undone, (made, _, deleted, again) = moves(world, "main")[-1], moves(world, "fix")
    assert world.resolve("main" + at(undone)) == commits[1].id
    assert world.resolve("main" + at(Micros(undone - 1))) == commits[2].id
    assert world.resolve("fix" + at(made)) == commits[1].id
    assert world.resolve("fix" + at(Micros(deleted - 1))) == commits[3].id
    assert world.resolve("fix" + at(again)) == commits[0].id
    with pytest.raises(NotFoundError, match="pointed nowhere"):
        world.resolve("fix" + at(deleted))


# -------------------------------------------------------------------------------------------------- which take changes


def test_only_branches_take_changes(world: World, commits: list[Commit]) -> None:
    for text in ("v1", "tag:v1", "#1", "main~1", "main~0", "main@{2100-01-01}", commits[0].id, "commit:main"):
        with pytest.raises(InvalidInputError) as caught:
            world.begin(text)
        assert (text, caught.value.kind) == (text, ErrorKind.NOT_A_BRANCH)
        assert "branch('fix'" in caught.value.next_step


def test_a_branch_that_is_not_there_is_not_made_by_writing_to_it(world: World, commits: list[Commit]) -> None:
    del commits
    with pytest.raises(NotFoundError) as caught:
        world.begin("fixx")
    assert caught.value.details["suggestions"] == ["fix"]
    assert world.begin("branch:fix")


@pytest.mark.parametrize("text", ["", "a b", "main~x", "main@{soon}", "\udce4"])
def test_what_follows_no_form_is_refused_everywhere(world: World, text: str) -> None:
    me, versions = world.me, world.versions
    calls = [
        lambda: versions.resolve(me, "trips", text),
        lambda: versions.log(me, "trips", text),
        lambda: versions.version(me, "trips", text),
        lambda: versions.plan(me, "trips", text, "trips"),
        lambda: versions.file(me, "trips", text, "f"),
        lambda: versions.diff(me, "trips", text, text),
        lambda: versions.row_diff(me, "trips", text, text, "trips"),
        lambda: versions.create_ref(me, "trips", "new", "branch", text),
        lambda: versions.delete_ref(me, "trips", text),
        lambda: versions.undo(me, "trips", text),
        lambda: versions.redo(me, "trips", text),
        lambda: versions.moves(me, "trips", text),
        lambda: world.begin(text),
    ]
    for call in calls:
        with pytest.raises(DatasetsError) as caught:
            call()
        assert caught.value.kind is ErrorKind.INVALID_REF
