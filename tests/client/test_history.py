"""Branches, tags, log, graph, refs, checkout, undo, redo and diff as users call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.history import draw_lanes
from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, Micros
from tests.client.conftest import append, rows


@pytest.fixture
def told(trips: Dataset) -> Dataset:
    """Three commits on main, the second tagged v1, and a branch fix with a commit of its own."""
    for n in (1, 2, 3):
        append(trips, n, message=f"m{n}")
    trips.tag("v1", at="main~1")
    trips.branch("fix", at="v1")
    append(trips, 9, branch="fix", message="fixed")
    return trips


def test_a_version_is_named_in_every_way(told: Dataset) -> None:
    forms = {
        "main": [1, 2, 3],
        "main~2": [1],
        "v1": [1, 2],
        "tag:v1^": [1],
        "fix": [1, 2, 9],
        "#4": [1, 2, 9],
        told.log()[0].short: [1, 2, 3],
        "main@{2100-01-01}": [1, 2, 3],
    }
    assert {form: rows(told, form) for form in forms} == forms
    with pytest.raises(NotFoundError, match="Did you mean 'fix'"):
        told["fixx"]
    with pytest.raises(InvalidInputError):
        told["main~x"]


def test_a_log_is_a_sequence_of_commits_newest_first(told: Dataset) -> None:
    log = told.log()
    assert [c.message for c in log] == ["m3", "m2", "m1"]
    assert [c.message for c in told.log("fix", limit=2)] == ["fixed", "m2"]
    assert (log[0].refs, log[1].refs, len(log[1:])) == (("main",), ("v1",), 2)
    assert log[-1].parents == ()


def test_refs_list_branches_and_tags(told: Dataset) -> None:
    refs = told.refs()
    assert [(r.name, r.kind) for r in refs] == [("fix", "branch"), ("main", "branch"), ("v1", "tag")]
    assert "v1" in refs
    assert "v2" not in refs
    assert told._ipython_key_completions_() == ["fix", "main", "v1"]


def test_a_graph_shows_every_line_of_history(told: Dataset) -> None:
    graph = told.graph()
    assert [c.message for c in graph] == ["fixed", "m3", "m2", "m1"]
    lines = repr(graph).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["*", "| *", "* |", "*"]
    assert lines[0].endswith("fixed  (fix)")


def test_lanes_join_where_lines_meet_and_part_where_a_merge_has_two_parents() -> None:
    def commit(name: str, *parents: str) -> Commit:
        ids = tuple(CommitId(p) for p in parents)
        return Commit(id=CommitId(name), parents=ids, seq=0, author="", time=Micros(0), message="")

    history = [commit("m", "a", "b"), commit("b", "r"), commit("a", "r"), commit("r")]
    assert list(draw_lanes(history)) == ["*", "| *", "* |", "* |"]


# ------------------------------------------------------------------------------------------------------------- checkout


def test_a_checkout_decides_what_the_bare_dataset_means_and_where_edits_go(told: Dataset) -> None:
    assert told.checkout("fix").message == "fixed"
    assert (told.current, rows(told), told.log()[0].message) == ("fix", [1, 2, 9], "fixed")
    append(told, 10)
    assert (rows(told, "fix"), rows(told, "main")) == ([1, 2, 9, 10], [1, 2, 3])
    told.undo()
    assert rows(told) == [1, 2, 9]
    assert told.tag("here").commit == told["fix"].commit.id


@pytest.mark.parametrize("ref", ["v1", "main~1", "#1"])
def test_on_a_tag_or_commit_edits_refuse_and_offer_a_branch(told: Dataset, ref: str) -> None:
    told.checkout(ref)
    with pytest.raises(InvalidInputError) as caught:
        append(told, 4)
    assert caught.value.kind is ErrorKind.NOT_A_BRANCH
    assert "branch(" in caught.value.next_step


def test_a_prefix_in_a_checkout_is_understood_wherever_it_is_used(told: Dataset) -> None:
    told.checkout("branch:fix")
    append(told, 10)
    told.undo()
    told.redo()
    assert rows(told) == rows(told, "fix") == [1, 2, 9, 10]
    told.checkout("main")
    told.delete_ref("branch:fix")
    assert "fix" not in told.refs()


def test_what_is_not_there_is_not_checked_out(told: Dataset) -> None:
    with pytest.raises(NotFoundError):
        told.checkout("nowhere")
    assert told.current == "main"


# ---------------------------------------------------------------------------------------------------- moving references


def test_branches_and_tags_are_made_once_and_deleted(told: Dataset) -> None:
    for make in (told.branch, told.tag):
        with pytest.raises(AlreadyExistsError):
            make("v1")
        with pytest.raises(InvalidInputError):
            make("a b")
    told.delete_ref("v1")
    with pytest.raises(NotFoundError):
        told["v1"]
    with pytest.raises(InvalidInputError):
        told.delete_ref("main")


def test_undo_and_redo_walk_through_the_moves_of_a_reference(told: Dataset) -> None:
    for left in ([1, 2], [1]):
        told.undo()
        assert rows(told) == left
    assert told.undo().commit is None
    assert dict(told.tables) == {}
    with pytest.raises(ConflictError):
        told.undo()
    for back in ([1], [1, 2], [1, 2, 3]):
        told.redo("main")
        assert rows(told) == back
    told.delete_ref("v1")
    assert told.undo("v1").kind == "tag"
    assert rows(told, "v1") == [1, 2]


# ----------------------------------------------------------------------------------------------------------------- diff


def replace(dataset: Dataset, table: str, given: Any) -> None:
    with dataset.edit() as edit:
        edit[table].replace(given)


def test_a_diff_counts_rows_with_their_multiplicity(trips: Dataset) -> None:
    replace(trips, "trips", {"n": [1, 1, 2, None], "m": ["a", "a", "b", None]})
    replace(trips, "trips", {"n": [1, 2, 2, None], "m": ["a", "b", "c", "new"]})
    diff = trips.diff("main~1", "main")
    counts = {"added": 2, "removed": 2, "changed": 0}
    assert diff.summary().to_pylist() == [{"name": "trips", "change": "changed", **counts}]
    found = diff["TRIPS"].rows().to_pylist()
    key = "change_type"
    assert sorted(map(str, found)) == sorted(
        map(
            str,
            [
                {key: "delete", "n": 1, "m": "a"},
                {key: "delete", "n": None, "m": None},
                {key: "insert", "n": 2, "m": "c"},
                {key: "insert", "n": None, "m": "new"},
            ],
        )
    )
    assert trips.diff("main", "main~1")["trips"].counts == (2, 2, 0)


def test_moved_rows_are_no_change(trips: Dataset) -> None:
    replace(trips, "trips", {"n": [1, 2, 3]})
    replace(trips, "trips", {"n": [3, 1, 2]})
    assert trips.diff("main~1")["trips"].counts == (0, 0, 0)


def test_a_diff_reads_the_few_segments_that_differ(trips: Dataset) -> None:
    numbers = list(range(200_000))
    replace(trips, "trips", {"n": numbers})
    numbers[100_000] = -1
    replace(trips, "trips", {"n": numbers})
    changes = trips.diff("main~1")["trips"]
    assert (changes.counts, changes.rows()["n"].to_pylist()) == ((1, 1, 0), [100_000, -1])


def test_columns_are_matched_by_id_and_those_of_one_side_take_no_part(trips: Dataset) -> None:
    replace(trips, "trips", {"n": [1, 2], "old": ["x", "y"]})
    replace(trips, "trips", {"new": [True, False], "n": [1, 3]})
    diff = trips.diff("main~1", "main")
    assert diff["trips"].rows().to_pylist() == [{"change_type": "delete", "n": 2}, {"change_type": "insert", "n": 3}]
    assert diff.schema().to_pylist() == [
        {"table": "trips", "change": "removed", "old": "old VARCHAR no nulls", "new": None},
        {"table": "trips", "change": "added", "old": None, "new": "new BOOLEAN no nulls"},
    ]
    assert diff["trips"].schema().num_rows == 2


def test_tables_without_a_shared_column_have_no_rows_to_compare(trips: Dataset) -> None:
    replace(trips, "trips", {"a": [1]})
    replace(trips, "trips", {"b": [1]})
    with pytest.raises(InvalidInputError, match="share no column"):
        trips.diff("main~1")["trips"].rows()


def test_added_dropped_and_renamed_tables_and_files_are_told(trips: Dataset, tmp_path: Path) -> None:
    append(trips, 1)
    append(trips, 2, 3, table="planes")
    append(trips, 4, table="moved")
    (tmp_path / "book").write_text("x")
    with trips.edit() as edit:
        edit.drop("planes")
        edit.rename("moved", "here")
        edit["new"].append({"n": [1, 2, 3]})
        edit.attach(tmp_path / "book")
    diff = trips.diff("main~1")
    assert {tuple(row.values()) for row in diff.summary().to_pylist()} == {
        ("planes", "removed", 0, 2, 0),
        ("here", "renamed from moved", 0, 0, 0),
        ("new", "added", 3, 0, 0),
        ("book", "file added", None, None, None),
    }
    assert (diff["here"].rows().num_rows, diff["moved"].rows().num_rows) == (0, 0)
    assert diff["planes"].rows()["n"].to_pylist() == [2, 3]
    assert set(diff) == {"planes", "here", "new"}
    assert len(diff) == 4
    with pytest.raises(NotFoundError) as caught:
        diff["plane"]
    assert caught.value.details["suggestions"][0] == "planes"


def test_a_column_may_be_called_like_the_column_of_changes(trips: Dataset) -> None:
    replace(trips, "trips", {"change_type": ["a"], "n": [1]})
    replace(trips, "trips", {"change_type": ["b"], "n": [1]})
    found = trips.diff("main~1")["trips"]
    assert found.counts == (1, 1, 0)
    assert found.rows().column(0).to_pylist() == ["delete", "insert"]


def test_a_diff_of_awkward_types_and_names_works(trips: Dataset) -> None:
    name = 'a "quoted" {name} $old ; --'
    for value in (1, 2):
        given = {name: [[value, None]], "struct": [{"a": value}], "blob": [bytes([value])], "text": ["same"]}
        replace(trips, "trips", pa.table(given))
    found = trips.diff("main~1")["trips"]
    assert (found.counts, found.rows().column_names[1]) == ((1, 1, 0), name)


def test_nothing_differs_between_equal_versions(told: Dataset) -> None:
    diff = told.diff("main", "#3")
    assert (len(diff), diff.summary().num_rows, diff.schema().num_rows) == (0, 0, 0)
    assert "Nothing differs" in repr(diff)
    assert "Nothing differs" in diff._repr_html_()


def test_one_version_is_compared_with_what_is_checked_out(trips: Dataset) -> None:
    """With the checked-out reference itself there is nothing to compare but its parent: that shows its last commit."""
    first, second, third = (append(trips, n) for n in range(3))
    trips.tag("v1", "#3")
    trips.checkout("#1")
    with pytest.raises(NotFoundError, match=r"no version before '#1': commit \w+ is the first") as caught:
        trips.diff("#1")
    assert caught.value.kind is ErrorKind.COMMIT_NOT_FOUND
    sides = {
        ("main", "#1"): (first, third),
        ("main", "main"): (second, third),
        ("v1", "v1"): (second, third),
        ("main", "v1"): (third, third),
    }
    for (current, old), expected in sides.items():
        trips.checkout(current)
        found = trips.diff(old).model
        assert (found.old.id, found.new.id) == tuple(commit.id for commit in expected), (current, old)


def test_the_moves_of_a_reference_are_listed_newest_first(trips: Dataset) -> None:
    """With what an undo took back; they show themselves, and a reference that is none is told."""
    assert repr(trips.moves()) == "No moves yet."
    first, second = append(trips, 1), append(trips, 2)
    trips.undo()
    found = trips.moves("main")
    assert [(move.action, move.old, move.new) for move in found] == [
        ("undo", second.id, first.id),
        ("commit", first.id, second.id),
        ("commit", None, first.id),
    ]
    assert "undo of commit" in repr(found)
    assert f"<bdi>{second.short}</bdi>" in found._repr_html_()
    trips.branch("fix")
    assert [move.action for move in trips.moves("fix")] == ["create"]
    with pytest.raises(NotFoundError, match="no branch, tag or commit 'fxi'"):
        trips.moves("fxi")
    with pytest.raises(InvalidInputError, match="not the name of a branch or tag"):
        trips.moves("main~1")
