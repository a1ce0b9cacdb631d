"""Conflicts as a browser settles them, answer by answer."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from IPython.core.formatters import MimeBundleFormatter

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.notebook.formatters import register
from jupyter_datasets.notebook.widgets import MergeReview
from jupyter_datasets.services.versions.models import Commit
from tests.notebook.views import View


def fill(repo: Repository) -> Dataset:
    """Branches that changed the same cells of two tables, and one removed a row that the other changed."""
    made = repo.create("people")
    rows = pa.table({"id": range(20), "x": [n * 2 for n in range(20)], "s": [f"v{n}" for n in range(20)]})
    with made.edit("main") as edit:
        edit["people"].replace(rows, key="id")
        edit["other"].replace(rows, key="id")
    made.branch("fix")
    for branch, x, s in (("main", 100, "ours"), ("fix", 50, "theirs")):
        with made.edit(branch, message=f"on {branch}") as edit:
            edit.sql(f"UPDATE people SET x = x + {x}, s = '{s}' WHERE id IN (1, 2)")
            edit.sql(f"UPDATE other SET x = {x} WHERE id = 3")
            edit.sql("DELETE FROM people WHERE id = 9" if branch == "fix" else "UPDATE people SET x = 0 WHERE id = 9")
    return made


@pytest.fixture
def people(here: Repository) -> Dataset:
    return fill(here)


@pytest.fixture
def conflicts(people: Dataset) -> MergeConflicts:
    found = people.merge("fix")
    assert isinstance(found, MergeConflicts)
    return found


def where(view: View) -> list[tuple[str, str | None, str | None]]:
    found = view.content("conflicts", offset=0, limit=500)["conflicts"]
    return [(each["table"], each["key"][0][1], each["column"]) for each in found]


def settle(view: View, conflict: int, take: str, scope: str = "cell") -> None:
    view.content("settle", conflict=conflict, take=take, scope=scope)


def value(people: Dataset, table: str, id: int) -> dict[str, Any]:
    return next(row for row in people["main"][table].to_arrow().to_pylist() if row["id"] == id)


def test_each_conflict_has_all_three_sides(conflicts: MergeConflicts) -> None:
    review = MergeReview(conflicts)
    found = View(review).content("conflicts", offset=0, limit=500)["conflicts"]
    cell = next(each for each in found if (each["table"], each["column"]) == ("other", "x"))
    assert cell["key"] == [["id", "3"]]
    assert (cell["base"], cell["ours"], cell["theirs"], cell["numbers"]) == ("6", "100", "50", True)
    assert review.state["left"] == len(found) == 6
    assert review.state["answers"] == [""] * 6


def test_conflicts_are_settled_and_committed(repo: Repository) -> None:
    """Cell, row, column, table and all; of several answers the last counts, and the widget tells the commit."""
    people = fill(repo)
    conflicts = people.merge("fix")
    assert isinstance(conflicts, MergeConflicts)
    review = MergeReview(conflicts)
    view = View(review)
    places = where(view)
    settle(view, 0, "ours", "all")
    assert review.state["left"] == 0
    settle(view, places.index(("people", "1", "x")), "sum")
    settle(view, places.index(("people", "2", "s")), "theirs", "column")
    settle(view, places.index(("other", "3", "x")), "theirs", "table")
    settle(view, places.index(("people", "9", None)), "theirs")
    assert review.commit is None
    view.content("commit")
    assert isinstance(review.commit, Commit)
    assert people["main"].commit.id == review.commit.id
    assert review.commit.short in review.state["over"]
    assert value(people, "people", 1) == {"id": 1, "x": 152, "s": "theirs"}
    assert value(people, "people", 2)["x"] == 104
    assert value(people, "other", 3)["x"] == 50
    assert all(row["id"] != 9 for row in people["main"]["people"].to_arrow().to_pylist())


def test_a_whole_row_is_settled(conflicts: MergeConflicts) -> None:
    review = MergeReview(conflicts)
    view = View(review)
    places = where(view)
    settle(view, places.index(("people", "1", "x")), "theirs", "row")
    settled = [place for place, answer in zip(places, review.state["answers"], strict=True) if answer]
    assert settled == [place for place in places if place[:2] == ("people", "1")]
    assert [answer.key for answer in conflicts.resolutions] == [("1",)]


def test_what_cannot_be_taken_settles_nothing(conflicts: MergeConflicts) -> None:
    """Texts are not added up, and a row has no greater side."""
    review = MergeReview(conflicts)
    view = View(review)
    places = where(view)
    settle(view, 0, "sum", "all")
    answers = dict(zip(places, review.state["answers"], strict=True))
    assert answers["people", "1", "x"] == "sum"
    assert answers["people", "1", "s"] == ""
    assert answers["people", "9", None] == ""
    assert review.state["left"] == len(conflicts) == 3


def test_the_last_answer_is_taken_back(conflicts: MergeConflicts) -> None:
    """What it had settled is open again, and so is what an answer of before the review had."""
    conflicts.resolve("ours", table="people")
    review = MergeReview(conflicts)
    view = View(review)
    assert len(where(view)) == 1
    settle(view, 0, "theirs")
    assert review.state["left"] == 0
    view.content("undo")
    assert review.state["left"] == 1
    view.content("undo")
    assert review.state["left"] == len(where(view)) == 6


def test_a_commit_that_comes_too_early_is_refused(people: Dataset, conflicts: MergeConflicts) -> None:
    review = MergeReview(conflicts)
    view = View(review)
    before = people["main"].commit.id
    error = view.error("commit")
    assert error["kind"] == "merge-conflict"
    assert error["next_step"]
    assert (people["main"].commit.id, review.commit, review.state["over"]) == (before, None, "")


def test_a_branch_that_moved_is_looked_at_again(people: Dataset, conflicts: MergeConflicts) -> None:
    """The answers stay."""
    review = MergeReview(conflicts)
    view = View(review)
    settle(view, 0, "ours", "all")
    with people.edit("main") as edit:
        edit["other"].append({"id": [77], "x": [1], "s": ["new"]})
    assert view.error("commit")["next_step"]
    view.content("refresh")
    assert review.state["left"] == 0
    view.content("commit")
    assert value(people, "other", 77)["s"] == "new"


def test_of_many_conflicts_the_first_ones_are_told(here: Repository) -> None:
    """All are counted, and settled by what is said of all of them; those that are left come next."""
    made = here.create("many")
    with made.edit("main") as edit:
        edit["many"].replace(pa.table({"id": range(1500), "x": range(1500)}), key="id")
    made.branch("fix")
    for branch in ("main", "fix"):
        with made.edit(branch) as edit:
            edit.sql(f"UPDATE many SET x = x + {len(branch)}")
    found = made.merge("fix")
    assert isinstance(found, MergeConflicts)
    review = MergeReview(found)
    view = View(review)
    assert (review.state["left"], len(review.state["answers"])) == (1500, 1000)
    settle(view, 0, "ours")
    assert review.state["left"] == 1499
    settle(view, 1, "theirs", "all")
    assert review.state["left"] == 0
    view.content("undo")
    assert review.state["left"] == 1499
    settle(view, 1, "theirs", "column")
    view.content("commit")
    assert value(made, "many", 1499)["x"] == 1502


def test_giving_up_changes_nothing(people: Dataset, conflicts: MergeConflicts) -> None:
    """And what is over cannot be gone on with."""
    before = people["main"].commit.id
    review = MergeReview(conflicts)
    view = View(review)
    view.content("abort")
    assert review.state["over"]
    assert "over" in view.error("commit")["message"]
    assert "over" in view.error("settle", conflict=0, scope="all", take="ours")["message"]
    assert people["main"].commit.id == before


BAD: tuple[dict[str, Any], ...] = (
    {"conflict": -1},
    {"conflict": 99},
    {"conflict": "0"},
    {"conflict": None},
    {"scope": "world"},
    {"take": "'; DROP TABLE people"},
    {"take": ["ours"]},
)


def test_a_bad_answer_is_refused(conflicts: MergeConflicts) -> None:
    """And nothing is kept of it."""
    view = View(MergeReview(conflicts))
    for body in BAD:
        error = view.error("settle", **{"conflict": 0, "scope": "cell", "take": "ours", **body})
        assert error["kind"] == "invalid-argument", body
    assert not conflicts.resolutions


def test_conflicts_show_their_review(conflicts: MergeConflicts) -> None:
    """At the end of a cell, and when they are asked for it."""
    formatter = MimeBundleFormatter()
    register(formatter)
    data, _ = formatter(conflicts)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(conflicts)
    assert isinstance(conflicts.review(), MergeReview)
