"""Branches renamed and protected, a dataset at a glance, and a log of some commits, as users call them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError, NotFoundError
from tests.client.conftest import append, rows


@pytest.fixture
def told(trips: Dataset, tmp_path: Path) -> Dataset:
    """Two commits on main, the first tagged v1; a branch fix with a table and a file more."""
    append(trips, 1, message="m1")
    trips.tag("v1")
    append(trips, 2, message="m2")
    trips.branch("fix", at="v1")
    append(trips, 9, table="planes", branch="fix", message="planes")
    (tmp_path / "book.txt").write_text("read me")
    with trips.edit("fix", message="book") as edit:
        edit.attach(tmp_path / "book.txt")
    return trips


def names(dataset: Dataset) -> list[str]:
    return [ref.name for ref in dataset.refs()]


# ---------------------------------------------------------------------------------------------------------- rename


def test_a_branch_or_tag_is_renamed_and_undo_takes_that_back(told: Dataset) -> None:
    head = told["fix"].commit.id
    assert told.rename_ref("fix", "mend/it").commit == head
    assert told.rename_ref("v1", "v1.0").kind == "tag"
    assert names(told) == ["main", "mend/it", "v1.0"]
    assert told["mend/it"].commit.id == head
    assert told["mend/it@{2100-01-01}"].commit.id == head
    assert told.undo("mend/it").name == "fix"
    assert names(told) == ["fix", "main", "v1.0"]
    assert told.redo("fix").name == "mend/it"


@pytest.mark.parametrize(
    ("checked_out", "then"), [("fix", "mend"), ("branch:fix", "branch:mend"), ("fix~1", "mend~1"), ("main", "main")]
)
def test_what_is_checked_out_follows_a_rename_and_its_undoing(told: Dataset, checked_out: str, then: str) -> None:
    told.checkout(checked_out)
    before = told[told.current].commit
    told.rename_ref("fix", "mend")
    assert (told.current, told[told.current].commit.id) == (then, before.id)
    told.undo("mend")
    assert (told.current, told[told.current].commit.id) == (checked_out, before.id)
    told.redo("fix")
    assert told.current == then


def test_a_rename_that_cannot_be_says_why(told: Dataset) -> None:
    with pytest.raises(AlreadyExistsError):
        told.rename_ref("fix", "v1")
    with pytest.raises(NotFoundError, match="Did you mean 'fix'"):
        told.rename_ref("fixx", "mend")
    for name, to in (("main", "trunk"), ("fix", "a b"), ("fix", "abcdef")):
        with pytest.raises(InvalidInputError):
            told.rename_ref(name, to)
    assert names(told) == ["fix", "main", "v1"]


# ---------------------------------------------------------------------------------------------------------- protect


def test_a_protected_branch_takes_no_changes_until_it_is_unprotected(told: Dataset, tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text("n\n5\n")
    assert told.protect().protected
    assert repr(told.refs()).splitlines()[2].split() == ["main", "protected", "branch", told["main"].commit.short]
    for change in (
        lambda: append(told, 3),
        lambda: told.import_file(tmp_path / "trips.csv"),
        lambda: told.undo(),
        lambda: told.attach(tmp_path / "trips.csv"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            change()
        assert caught.value.kind is ErrorKind.BRANCH_PROTECTED
    assert rows(told) == [1, 2]
    assert not told.unprotect("main").protected
    append(told, 3)
    assert rows(told) == [1, 2, 3]


# --------------------------------------------------------------------------------------------------------- overview


def test_an_overview_tells_what_there_is(told: Dataset) -> None:
    told.describe("Where <we> went").label("travel")
    told.protect("main")
    found = told.overview("fix")
    assert found.counts.model_dump() == {"commits": 4, "branches": 2, "tags": 1, "tables": 2, "files": 1}
    assert {name: table.rows for name, table in found.tables.items()} == {"planes": 1, "trips": 1}
    assert found.bytes == sum(t.bytes for t in found.tables.values()) + len("read me")
    assert [(c.message, c.refs) for c in found.heads] == [("book", ("fix",)), ("m2", ("main",)), ("m1", ("v1",))]
    assert [move.action for move in found.changes[:2]] == ["protect", "commit"]
    assert "main" in found.refs
    shown = repr(found)
    for words in (
        "trips at fix: Where <we> went",
        "labels: travel",
        "4 commits, 2 branches, 1 tag",
        "protected branch",
    ):
        assert words in shown
    assert "Where &lt;we&gt; went" in found._repr_html_()


def test_an_overview_of_a_new_dataset_tells_the_first_step(trips: Dataset) -> None:
    assert "import_file" in repr(trips.overview())
    assert "import_file" in trips.overview()._repr_html_()
    assert trips.overview().tables == {}


def test_an_overview_tells_a_rename_once(told: Dataset) -> None:
    told.rename_ref("fix", "mend")
    lines = [line for line in repr(told.overview()).splitlines() if "rename" in line]
    assert len(lines) == 1
    assert "rename fix to mend" in lines[0]


# -------------------------------------------------------------------------------------------------------------- log


def test_a_log_is_narrowed_by_table_file_author_and_time(told: Dataset) -> None:
    today = datetime.now(UTC)
    author = told.log()[0].author
    for expected, where in (
        (["planes"], {"table": "Planes"}),
        (["m1"], {"table": "trips"}),
        (["book"], {"path": "book.txt"}),
        (["book", "planes", "m1"], {"author": author[1:].upper()}),
        (["book", "planes", "m1"], {"since": today - timedelta(days=1), "until": today.date() + timedelta(days=1)}),
        (["book", "planes", "m1"], {"since": "2020-01-01"}),
        ([], {"until": date(2020, 1, 1)}),
        ([], {"table": "trips", "since": today + timedelta(hours=1)}),
    ):
        assert (where, [c.message for c in told.log("fix", **where)]) == (where, expected)  # type: ignore[arg-type]  # values of several types
    moment = told.log()[0].when
    assert told.log(since=moment)[-1].message == "m2"
    assert [c.message for c in told.log(table="trips", limit=1)] == ["m2"]


def test_an_empty_narrowed_log_is_told_from_an_empty_history(told: Dataset) -> None:
    assert repr(told.log(table="jets")) == "trips: no such commits."
    with pytest.raises(InvalidInputError, match="2026-01-31"):
        told.log(since="last week")
    with pytest.raises(InvalidInputError) as caught:
        told.log(table="1st")
    assert caught.value.kind is ErrorKind.INVALID_NAME
