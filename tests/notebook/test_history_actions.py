"""What is done to a dataset from its history, as a browser asks for it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.notebook.widgets import DiffView, History, MergeReview
from tests.notebook.views import View

ACTIONS = ("branch", "tag", "checkout", "compare", "revert", "cherry-pick", "undo", "reload")


@pytest.fixture
def people(here: Repository) -> Dataset:
    """Three commits on main, the last two of which change the same cell, and one on a branch."""
    made = here.create("people")
    with made.edit("main", message="one") as edit:
        edit["people"].replace(pa.table({"id": range(10), "x": range(10)}), key="id")
    made.branch("fix")
    for branch, value in (("main", 20), ("main", 30), ("fix", 40)):
        with made.edit(branch, message=f"{branch} {value}") as edit:
            edit.sql(f"UPDATE people SET x = {value} WHERE id = {1 if branch == 'main' else 5}")
    return made


def at(people: Dataset, ref: str) -> str:
    return people[ref].commit.id


def values(people: Dataset, ref: str = "main") -> dict[int, int]:
    return {row["id"]: row["x"] for row in people[ref]["people"].to_arrow().to_pylist()}


def test_branches_and_tags_are_made(people: Dataset) -> None:
    """At the commit that is selected; the graph is then another one."""
    history = History(people)
    view = View(history)
    said = view.content("branch", commit=at(people, "main~1"), name="try")["said"]
    view.content("tag", commit=at(people, "main~2"), name="v1.0")
    assert "try" in said
    assert at(people, "try") == at(people, "main~1")
    assert at(people, "v1.0") == at(people, "main~2")
    assert history.revision == 2
    commits = view.content("commits", offset=0, limit=100)["commits"]
    assert {name for commit in commits for name in commit["refs"]} == {"main", "fix", "try", "v1.0"}


def test_a_version_is_checked_out(people: Dataset) -> None:
    """For this repository, and the widget says so."""
    history = History(people)
    assert history.current == "main"
    View(history).content("checkout", ref="fix")
    assert people.current == history.current == "fix"


def test_two_commits_are_compared_the_older_one_first(people: Dataset) -> None:
    """In whatever order they were selected."""
    history = History(people)
    old, new = at(people, "main~2"), at(people, "main")
    for commits in ([old, new], [new, old]):
        View(history).content("compare", commits=commits)
        assert isinstance(history.below, DiffView)
        state = history.below.get_state()["diff"]
        assert (state["old"]["id"], state["new"]["id"]) == (old, new)
    assert history.revision == 0


def test_one_commit_is_compared_with_what_is_checked_out(people: Dataset) -> None:
    """That itself with its parent."""
    history = History(people)
    for selected, old in (("main~2", "main~2"), ("main", "main~1"), ("fix", "fix")):
        View(history).content("compare", commits=[at(people, selected)])
        assert isinstance(history.below, DiffView)
        state = history.below.get_state()["diff"]
        assert (state["old"]["id"], state["new"]["id"]) == (at(people, old), at(people, "main"))


def test_a_commit_is_taken_back_and_its_undoing_undone(people: Dataset) -> None:
    view = View(History(people))
    before = at(people, "main")
    said = view.content("revert", commit=before, message="not so")["said"]
    assert values(people)[1] == 20
    assert people["main"].commit.message == "not so"
    assert people["main"].commit.short in said
    view.content("undo")
    assert at(people, "main") == before


def test_a_commit_is_repeated_on_the_current_branch(people: Dataset) -> None:
    """Once: the second time there is nothing to do, and that is said."""
    view = View(History(people))
    view.content("cherry-pick", commit=at(people, "fix"), message="")
    assert values(people)[5] == 40
    assert "already" in view.content("cherry-pick", commit=at(people, "fix"), message="")["said"]


def test_conflicts_of_an_action_are_settled_below(people: Dataset) -> None:
    """The history goes on from the commit that the review made."""
    history = History(people)
    content = View(history).content("revert", commit=at(people, "main~1"), message="")
    assert "conflict" in content["said"]
    assert isinstance(history.below, MergeReview)
    assert history.revision == 0
    review = View(history.below)
    review.content("settle", conflict=0, scope="all", take="theirs")
    review.content("commit")
    assert history.revision == 1
    assert values(people)[1] == 1


def test_commits_made_elsewhere_come_by_reloading(people: Dataset) -> None:
    """Until then the history is that of when it was first seen."""
    history = History(people)
    view = View(history)
    before = view.content("commits", offset=0, limit=100)["commits"]
    people.tag("later")
    assert view.content("commits", offset=0, limit=100)["commits"] == before
    view.content("reload")
    assert history.revision == 1
    assert any("later" in commit["refs"] for commit in view.content("commits", offset=0, limit=100)["commits"])


def test_what_goes_wrong_is_told_with_the_next_step(people: Dataset) -> None:
    """And changes nothing."""
    history = History(people)
    view = View(history)
    assert view.error("branch", commit=at(people, "main"), name="fix")["kind"] == "ref-exists"
    assert view.error("checkout", ref="nowhere")["next_step"]
    people.checkout(at(people, "main~1"))
    error = view.error("revert", commit=at(people, "main"), message="")
    assert error["kind"] == "not-a-branch"
    assert error["next_step"]
    assert history.revision == 0


BAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("branch", {"name": ""}),
    ("branch", {"name": 7}),
    ("branch", {"name": "x" * 1000}),
    ("branch", {"commit": "main", "name": "x"}),
    ("branch", {"commit": "0" * 63 + "\n", "name": "x"}),
    ("tag", {"name": None}),
    ("checkout", {"ref": ["main"]}),
    ("compare", {"commits": []}),
    ("compare", {"commits": ["a" * 64] * 3}),
    ("compare", {"commits": "a" * 64}),
    ("revert", {"message": 1}),
    ("cherry-pick", {"commit": "../../etc"}),
)


def test_a_bad_message_does_nothing(people: Dataset) -> None:
    history = History(people)
    view = View(history)
    before = people.refs().rows()
    for kind, body in BAD:
        assert view.error(kind, **{"commit": at(people, "main"), **body})["kind"] == "invalid-argument", (kind, body)
    assert (people.refs().rows(), history.revision, history.below) == (before, 0, None)


def test_actions_can_be_left_out(people: Dataset) -> None:
    """By ``actions=False``, and always for a log, which is of its moment."""
    for history in (History(people, actions=False), History(people.log())):
        assert not history.actions
        view = View(history)
        for kind in ACTIONS:
            assert "no question" in view.error(kind, commit=at(people, "main"), name="x", ref="fix")["message"]
    assert "x" not in people.refs()
