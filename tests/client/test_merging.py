"""Merge, revert and cherry-pick as users call them, on every way to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts, MergeWarning
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ConflictError, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import Commit
from tests.client.conftest import Open

ROWS = pa.table({"id": range(100), "x": [n * 2 for n in range(100)], "s": [f"v{n}" for n in range(100)]})


@pytest.fixture
def people(repo: Repository) -> Iterator[Dataset]:
    """A table with a key and one without, and a branch ``fix`` that is where ``main`` is."""
    dataset = repo.create("people")
    with dataset.edit() as edit:
        edit["people"].replace(ROWS, key="id")
        edit["loose"].replace({"a": [1, 1, 2, 3], "b": ["x", "x", "y", None]})
    dataset.branch("fix")
    yield dataset
    dataset.delete()


def change(dataset: Dataset, branch: str, *statements: str) -> Commit:
    with dataset.edit(branch, message=f"on {branch}") as edit:
        for statement in statements:
            edit.sql(statement)
    assert edit.commit is not None
    return edit.commit


def rows(dataset: Dataset, ref: str = "main", table: str = "people") -> dict[Any, tuple[Any, ...]]:
    found = dataset[ref][table].to_arrow().to_pylist()
    return {row["id"]: (row["x"], row["s"]) for row in found}


def loose(dataset: Dataset, ref: str = "main") -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in dataset[ref]["loose"].to_arrow().to_pylist()]


def conflicts(done: Commit | MergeConflicts | None) -> MergeConflicts:
    assert isinstance(done, MergeConflicts)
    return done


def test_changes_of_both_sides_come_together(people: Dataset) -> None:
    """Per row and per cell; the commit has both parents, and its rows are ours, then theirs."""
    theirs = change(
        people, "fix", "UPDATE people SET x = -5 WHERE id = 5", "DELETE FROM people WHERE id = 8",
        "INSERT INTO people VALUES (200, 1, 'theirs')",
    )  # fmt: skip
    ours = change(
        people, "main", "UPDATE people SET s = 'ours' WHERE id = 5", "DELETE FROM people WHERE id IN (8, 9)",
        "INSERT INTO people VALUES (300, 1, 'ours')",
    )  # fmt: skip
    done = people.merge("fix")
    assert isinstance(done, Commit)
    assert (done.parents, done.message) == ((ours.id, theirs.id), "Merge fix into main")
    found = rows(people)
    assert found[5] == (-5, "ours")
    assert not {8, 9} & set(found)
    assert list(found)[-2:] == [300, 200]
    assert people.merge("fix") is None
    assert people.undo("main").commit == ours.id


def test_merging_an_ancestor_or_oneself_changes_nothing_and_a_descendant_moves_the_branch(people: Dataset) -> None:
    """No commit is made where none is needed."""
    assert people.merge("fix") is None
    made = change(people, "fix", "DELETE FROM people WHERE id = 1")
    assert people.merge("fix") == made.model_copy(update={"refs": ()})
    assert people["main"].commit.id == made.id
    assert people.moves("main")[0].action == "merge"


def test_without_conflicts_the_rows_do_not_depend_on_the_order_of_sides(people: Dataset) -> None:
    """Either branch merged into the other has the same rows."""
    change(people, "fix", "UPDATE people SET x = x + 1 WHERE id % 3 = 0", "DELETE FROM loose WHERE a = 1")
    change(people, "main", "UPDATE people SET s = 'm' WHERE id % 2 = 0", "INSERT INTO loose VALUES (7, 'z')")
    people.branch("other", at="main")
    people.merge("fix", into="main")
    people.merge("other", into="fix")
    assert rows(people, "main") == rows(people, "fix")
    assert sorted(loose(people, "main"), key=str) == sorted(loose(people, "fix"), key=str)


def test_conflicts_change_nothing_until_they_are_settled(people: Dataset) -> None:
    """One by one, by column, by row, or all at once; what is left is told."""
    change(people, "fix", "UPDATE people SET x = -6, s = 'theirs' WHERE id = 6", "DELETE FROM people WHERE id = 7")
    ours = change(
        people, "main", "UPDATE people SET x = 66, s = 'ours' WHERE id = 6", "UPDATE people SET x = 77 WHERE id = 7"
    )
    found = conflicts(people.merge("fix"))
    assert people["main"].commit.id == ours.id
    assert [tuple(line.values()) for line in found.rows().to_pylist()] == [
        ("people", "id = 6", "s", "v6", "ours", "theirs"),
        ("people", "id = 6", "x", "12", "66", "-6"),
        ("people", "id = 7", None, None, "changed", "removed"),
    ]
    assert "3 conflicts" in repr(found)
    assert "id = 6" in found._repr_html_()
    with pytest.raises(ConflictError, match="2 conflicts left"):
        found.resolve("theirs", column="x").commit()
    done = found.resolve("ours", column="s").resolve("theirs", key=7).commit()
    assert done.message == "Merge fix into main"
    assert rows(people)[6] == (-6, "ours")
    assert 7 not in rows(people)


@pytest.mark.parametrize(
    ("take", "expected"), [("ours", 10), ("theirs", 30), ("max", 30), ("min", 10), ("sum", 38), ("newest", 10)]
)
def test_a_rule_settles_a_cell(people: Dataset, take: Any, expected: int) -> None:
    """The base is 2, theirs 30, ours 10 and later."""
    change(people, "fix", "UPDATE people SET x = 30 WHERE id = 1")
    change(people, "main", "UPDATE people SET x = 10 WHERE id = 1")
    conflicts(people.merge("fix")).resolve(take).commit()
    assert rows(people)[1][0] == expected


def test_both_may_add_one_row_if_they_agree(people: Dataset) -> None:
    """Equal rows are one; cells that differ are in conflict."""
    for branch, text in (("fix", "same"), ("main", "same")):
        change(people, branch, f"INSERT INTO people VALUES (500, 1, '{text}')")
    assert isinstance(people.merge("fix"), Commit)
    assert rows(people)[500] == (1, "same")
    for branch, text in (("fix", "one"), ("main", "two")):
        change(people, branch, f"INSERT INTO people VALUES (501, 1, '{text}')")
    found = conflicts(people.merge("fix"))
    assert [(c.column, c.base, c.ours, c.theirs) for c in found.conflicts] == [("s", None, "two", "one")]


def test_rows_without_a_key_are_counted(people: Dataset) -> None:
    """What theirs lost and ours did not goes, as often as theirs lost it; what theirs gained comes."""
    change(people, "fix", "DELETE FROM loose WHERE a = 1", "INSERT INTO loose VALUES (9, 'f')")
    change(people, "main", "UPDATE loose SET b = 'z' WHERE a = 3", "DELETE FROM loose WHERE a = 2")
    assert isinstance(people.merge("fix"), Commit)
    assert loose(people) == [(3, "z"), (9, "f")]
    change(people, "fix", "UPDATE loose SET b = 'one' WHERE a = 3")
    change(people, "main", "UPDATE loose SET b = 'two' WHERE a = 3")
    with pytest.warns(MergeWarning, match="has no key: a row was changed or removed on both sides"):
        people.merge("fix")
    assert loose(people) == [(3, "two"), (9, "f"), (3, "one")]


def test_tables_files_and_columns_of_one_side_are_taken(people: Dataset, tmp_path: Path) -> None:
    """New ones come, dropped ones go; a table that both changed in other ways is in conflict as a whole."""
    (tmp_path / "book").write_text("codes")
    with people.edit("fix") as edit:
        edit["new"].append({"n": [1]})
        edit.drop("loose")
        edit.attach(tmp_path / "book")
    change(people, "main", "UPDATE people SET x = 1 WHERE id = 1")
    assert isinstance(people.merge("fix"), Commit)
    assert set(people["main"]) == {"people", "new"}
    assert people["main"].files["book"].read() == b"codes"
    with people.edit("fix") as edit:
        edit["new"].append({"n": [2]})
    with people.edit("main") as edit:
        edit.drop("new")
    found = conflicts(people.merge("fix"))
    assert [(c.kind, c.name) for c in found.conflicts] == [("table", "new")]
    found.resolve("theirs", table="new").commit()
    assert people["main"]["new"].to_arrow()["n"].to_pylist() == [1, 2]


def test_a_commit_is_taken_back_and_repeated_elsewhere(people: Dataset) -> None:
    """Later changes stay; a change that is there already is none."""
    bad = change(people, "main", "UPDATE people SET x = 0 WHERE id < 10")
    change(people, "main", "UPDATE people SET s = 'later' WHERE id = 3")
    done = people.revert(bad.id)
    assert isinstance(done, Commit)
    assert (done.message, done.parents) == (f"Revert {bad.short}: on main", (people.log()[1].id,))
    assert rows(people)[3] == (6, "later")
    again = people.cherry_pick(bad.id, onto="fix")
    assert isinstance(again, Commit)
    assert (again.message, rows(people, "fix")[3]) == ("on main", (0, "v3"))
    assert people.cherry_pick(bad.id, onto="fix") is None
    change(people, "main", "DELETE FROM people WHERE id = 4")
    merged = people.merge("fix", take="ours")
    assert isinstance(merged, Commit)
    with pytest.raises(InvalidInputError, match="is a merge"):
        people.revert(merged.id)


def test_squash_leaves_the_other_history_out(people: Dataset) -> None:
    """One commit with one parent, whatever the other side took."""
    for number in range(3):
        change(people, "fix", f"UPDATE people SET x = -1 WHERE id = {number}")
    before = people["main"].commit.id
    done = people.merge("fix", squash=True, message="three at once")
    assert isinstance(done, Commit)
    assert (done.parents, done.message) == ((before,), "three at once")
    assert rows(people, "main") == rows(people, "fix")


def test_a_protected_branch_takes_merges_alone(people: Dataset) -> None:
    """Both as a commit and as a move."""
    people.protect("main")
    change(people, "fix", "DELETE FROM people WHERE id = 1")
    assert isinstance(people.merge("fix"), Commit)
    people.unprotect("main")
    change(people, "main", "DELETE FROM people WHERE id = 2")
    people.protect("main")
    change(people, "fix", "DELETE FROM people WHERE id = 3")
    assert isinstance(people.merge("fix"), Commit)
    with pytest.raises(InvalidInputError, match="protected"):
        people.revert("main~1", branch="main")
    people.unprotect("main")


def test_what_names_nothing_is_refused(people: Dataset) -> None:
    """Unknown versions and branches; a tag takes no merge."""
    people.tag("v1")
    for call in (
        lambda: people.merge("nowhere"),
        lambda: people.merge("fix", into="nowhere"),
        lambda: people.revert("nowhere"),
    ):
        with pytest.raises(NotFoundError, match="nowhere"):
            call()
    change(people, "fix", "DELETE FROM people WHERE id = 1")
    with pytest.raises(InvalidInputError, match="not a branch"):
        people.merge("fix", into="v1")


# -------------------------------------------------------------------------------------------------- merges in progress


def at_odds(dataset: Dataset) -> MergeConflicts:
    """Two cells and a row in conflict."""
    change(dataset, "fix", "UPDATE people SET x = -6, s = 'theirs' WHERE id = 6", "DELETE FROM people WHERE id = 7")
    change(
        dataset, "main", "UPDATE people SET x = 66, s = 'ours' WHERE id = 6", "UPDATE people SET x = 77 WHERE id = 7"
    )
    return conflicts(dataset.merge("fix"))


def test_a_merge_in_progress_is_gone_on_with_elsewhere(people: Dataset, open_repo: Open) -> None:
    """Another client finds it with the answers that it has, adds its own, and commits; then nothing of it is left."""
    begun = at_odds(people).resolve("theirs", column="x")
    elsewhere = open_repo()["people"]
    (found,) = elsewhere.merges()
    assert (found.id, len(found), found.resolutions) == (begun.id, 2, begun.resolutions)
    assert begun.id in repr(elsewhere.merges())
    found.resolve("ours")
    assert (len(found), begun.refresh().resolutions) == (0, found.resolutions)
    done = found.commit()
    assert done is not None
    assert (len(done.parents), rows(people)[6], rows(people)[7]) == (2, (66, "ours"), (77, "v7"))
    assert (len(found), list(people.merges())) == (0, [])
    with pytest.raises(NotFoundError, match="committed or aborted already"):
        begun.commit()


def test_what_was_aborted_leaves_nothing(people: Dataset) -> None:
    """Neither a commit, nor a merge in progress, nor its answers."""
    found = at_odds(people).resolve("theirs")
    before = people.log(), people.moves("main")
    found.abort()
    assert (len(found), found.conflicts, list(people.merges())) == (0, (), [])
    assert (list(people.log()), list(people.moves("main"))) == (list(before[0]), list(before[1]))
    assert len(conflicts(people.merge("fix"))) == 3


def test_answers_are_taken_back(people: Dataset) -> None:
    """The last one, or all; what they settled is in conflict again."""
    found = at_odds(people).resolve("theirs", column="x").resolve("ours", key=7)
    assert [len(found), len(found.unresolve()), len(found.resolve("ours"))] == [1, 2, 0]
    assert (len(found.unresolve(all=True)), found.resolutions) == (3, ())
    assert len(found.unresolve()) == 3


def test_a_branch_that_moved_is_looked_at_again_before_a_commit(people: Dataset) -> None:
    """The commit is refused with the answers kept; once it was refreshed the new conflicts show."""
    found = at_odds(people).resolve("ours", key=6).resolve("ours", key=7)
    change(people, "main", "UPDATE people SET x = 0 WHERE id = 50")
    with pytest.raises(ConflictError, match="moved since the conflicts"):
        found.commit()
    assert len(found.refresh()) == 0
    made = found.commit()
    assert made is not None
    assert (rows(people)[50], rows(people)[6]) == ((0, "v50"), (66, "ours"))


def test_a_merge_begun_again_goes_on(people: Dataset) -> None:
    """There is one of it, with its answers; even if they settle all it waits for commit(). Others take their place."""
    found = at_odds(people).resolve("theirs")
    again = conflicts(people.merge("fix", message="at last"))
    assert (again.id, again.resolutions, len(again)) == (found.id, found.resolutions, 0)
    assert (again.merge.message, len(people.merges())) == ("at last", 1)
    assert isinstance(people.merge("fix", take="ours"), Commit)
    assert (rows(people)[6], list(people.merges())) == ((66, "ours"), [])


def test_a_merge_that_somebody_else_made_is_over(people: Dataset) -> None:
    """Once the branch has all of the other one there is nothing to commit, and nothing is left of the merge."""
    found = at_odds(people)
    fix = people["fix"].commit.id
    assert isinstance(people.merge(fix, take="theirs"), Commit)
    assert list(people.merges()) == []
    with pytest.raises(NotFoundError):
        found.commit()


def test_reverts_and_cherry_picks_wait_for_answers_too(people: Dataset) -> None:
    """As merges do; one whose answers leave nothing to be done is over without a commit."""
    bad = change(people, "main", "UPDATE people SET x = 0 WHERE id = 1")
    change(people, "main", "UPDATE people SET x = 1 WHERE id = 1")
    back = conflicts(people.revert(bad.id))
    picked = conflicts(people.cherry_pick(bad.id, onto="main"))
    assert [each.merge.action for each in people.merges()] == ["revert", "cherry-pick"]
    done = back.resolve("theirs").commit()
    assert done is not None
    assert (done.message, rows(people)[1]) == (f"Revert {bad.short}: on main", (2, "v1"))
    assert len(picked.refresh()) == 0
    assert picked.resolve("ours").commit() is not None
    assert list(people.merges()) == []


def test_a_branch_that_is_gone_is_named(people: Dataset) -> None:
    """Its merge can be aborted, and nothing else."""
    people.branch("side")
    change(people, "fix", "UPDATE people SET x = 1 WHERE id = 1")
    change(people, "side", "UPDATE people SET x = 3 WHERE id = 1")
    found = conflicts(people.merge("fix", into="side")).resolve("ours")
    people.delete_ref("side")
    with pytest.raises(NotFoundError, match="side"):
        found.commit()
    found.abort()
    assert list(people.merges()) == []


def test_a_merge_follows_its_branch_to_another_name(people: Dataset) -> None:
    """And back when that is undone; its answers stay, and it is committed there."""
    people.branch("side")
    change(people, "fix", "UPDATE people SET x = 1 WHERE id = 1")
    change(people, "side", "UPDATE people SET x = 3 WHERE id = 1")
    found = conflicts(people.merge("fix", into="side")).resolve("theirs")
    people.rename_ref("side", "edge")
    assert [each.merge.branch for each in people.merges()] == ["edge"]
    people.undo("edge")
    assert [each.merge.branch for each in people.merges()] == ["side"]
    people.redo("side")
    assert found.refresh().merge.branch == "edge"
    assert found.commit() is not None
    assert rows(people, "edge")[1] == (1, "v1")


def test_more_than_a_thousand_conflicts_are_paged(people: Dataset) -> None:
    """The first thousand are told, and further ones from an offset on."""
    with people.edit() as edit:
        edit["many"].replace({"id": range(1500), "x": [0] * 1500}, key="id")
    people.branch("other")
    change(people, "other", "UPDATE many SET x = 1")
    change(people, "main", "UPDATE many SET x = 2")
    found = conflicts(people.merge("other"))
    assert (len(found), len(found.conflicts), found.rows(1400).num_rows) == (1500, 1000, 100)
    assert found.rows(1400)["key"][0].as_py() == "id = 1400"
    assert found.rows(9999).num_rows == 0
    found.abort()


def test_an_answer_that_is_none_is_refused(people: Dataset) -> None:
    """With the nearest one offered."""
    found = at_odds(people)
    with pytest.raises(InvalidInputError, match="Did you mean 'theirs'"):
        found.resolve("their")  # type: ignore[arg-type]  # that is the point
    assert found.resolutions == ()


ODD: list[Callable[[Any, Any], object]] = [
    lambda ds, _: ds.merge(None),
    lambda ds, _: ds.merge(ds["fix"]),
    lambda ds, _: ds.merge("fix", into=3),
    lambda ds, _: ds.merge("fix", message=None),
    lambda ds, _: ds.merge("fix", squash="perhaps"),
    lambda ds, _: ds.merge("fix", take=["ours"]),
    lambda ds, _: ds.revert(None),
    lambda ds, _: ds.revert("main", branch=3),
    lambda ds, _: ds.cherry_pick("fix", message=3),
    lambda ds, _: ds.cherry_pick("fix", onto=["main"]),
    lambda _, found: found.resolve(None),
    lambda _, found: found.resolve("ours", table=3),
    lambda _, found: found.resolve("ours", column=["x"]),
    lambda _, found: found.resolve("ours", key={"id": 6}),
    lambda _, found: found.resolve("ours", key=(None,)),
    lambda _, found: found.resolve("ours", key=()),
    lambda _, found: found.rows(-1),
    lambda _, found: found.rows("x"),
]


def test_odd_arguments_are_refused_in_our_words(people: Dataset) -> None:
    """Whatever they are, with an error of ours; nothing of them is kept."""
    found = at_odds(people)
    for call in ODD:
        with pytest.raises(InvalidInputError):
            call(people, found)
    assert (len(found.refresh()), found.resolutions) == (3, ())


def test_a_key_of_another_length_means_no_row(people: Dataset) -> None:
    """It is an answer that settles nothing."""
    assert len(at_odds(people).resolve("ours", key=(6, 7))) == 3


# --------------------------------------------------------------------------------------------------- replaced columns


def replace_s(dataset: Dataset, branch: str) -> Commit:
    return change(
        dataset, branch, "ALTER TABLE people DROP COLUMN s", "ALTER TABLE people ADD COLUMN s VARCHAR DEFAULT 'new'"
    )


def test_a_cell_is_not_taken_for_one_of_a_column_that_is_gone(people: Dataset) -> None:
    """A column that was dropped and added again is another one, whichever side changes single cells."""
    people.branch("other")
    replace_s(people, "main")
    for branch in ("fix", "other"):
        change(people, branch, "UPDATE people SET x = -1 WHERE id = 2")
    assert isinstance(people.merge("fix"), Commit)
    assert (rows(people)[1], rows(people)[2]) == ((2, "new"), (-1, "new"))
    replace_s(people, "other")
    change(people, "fix", "UPDATE people SET s = 'X' WHERE id = 1")
    found = conflicts(people.merge("fix", into="other"))
    assert [(c.kind, c.column, c.ours, c.theirs) for c in found.conflicts] == [
        ("column", "s", "dropped", "values changed")
    ]
    found.resolve("ours").commit()
    assert {s for _, s in rows(people, "other").values()} == {"new"}


def test_what_a_table_or_file_was_is_told_in_words(people: Dataset, tmp_path: Path) -> None:
    """Columns, the key, and sizes; nothing for a side that removed it."""
    for branch, size in (("main", 10), ("fix", 20)):
        (tmp_path / "book").write_text("c" * size)
        with people.edit(branch) as edit:
            edit.attach(tmp_path / "book")
    change(people, "fix", "INSERT INTO loose VALUES (7, 'z')")
    with people.edit("main") as edit:
        edit.drop("loose")
    found = conflicts(people.merge("fix"))
    assert [(c.name, c.ours, c.theirs) for c in found.conflicts] == [
        ("loose", None, "a BIGINT, b VARCHAR; no key"),
        ("book", "10 bytes", "20 bytes"),
    ]


def test_rows_without_a_key_that_both_added_are_warned_of(people: Dataset) -> None:
    """After a squash, which leaves no trace of where the rows came from."""
    change(people, "fix", "INSERT INTO loose VALUES (9, 'f')")
    people.merge("fix", squash=True)
    change(people, "fix", "INSERT INTO loose VALUES (10, 'g')")
    with pytest.warns(MergeWarning, match="has no key: a row was added on both sides"):
        people.merge("fix")


def test_a_sum_that_its_column_cannot_hold_can_be_answered_otherwise(people: Dataset) -> None:
    """The error names column and row, and the next answer counts."""
    for branch in ("main", "fix"):
        change(people, branch, f"UPDATE people SET x = 9223372036854775000 + {len(branch)} WHERE id = 1")
    found = conflicts(people.merge("fix"))
    with pytest.raises(InvalidInputError, match="column 'x' of the row id = 1"):
        found.resolve("sum").commit()
    found.resolve("max", key=1).commit()
    assert rows(people)[1][0] == 9223372036854775004
