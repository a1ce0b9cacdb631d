"""What holds of every difference, merge and compacting, whatever was done to a table before."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts, MergeWarning
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import new_id

ROWS = pa.table(
    {
        "id": pa.array(range(40), pa.int64()),
        "x": pa.array([None if n % 9 == 0 else n % 5 for n in range(40)], pa.int64()),
        "s": pa.array([None if n % 7 == 0 else f"v{n % 3}" for n in range(40)], pa.string()),
    }
)
WHERE = st.sampled_from(
    ["id % 5 = 1", "x IS NULL", "s = 'v1'", "id BETWEEN 10 AND 13", "id = 7", "x > 3 AND s <> 'v2'"]
)
SETTING = st.sampled_from(["x = coalesce(x, 0) + 1", "s = s || '!'", "x = NULL", "s = 'same'", "x = 1, s = 'both'"])
STATEMENT = st.one_of(
    st.builds("UPDATE t SET {} WHERE {}".format, SETTING, WHERE),
    st.builds("DELETE FROM t WHERE {}".format, WHERE),
    st.builds("INSERT INTO t SELECT id + 1000, x, s FROM t WHERE {} AND id < 1000 ORDER BY id".format, WHERE),
    st.builds("UPDATE t SET id = -id - 1 WHERE {} AND id >= 0".format, WHERE),
)
CHANGES = st.lists(STATEMENT, min_size=1, max_size=3)
KEYS = st.sampled_from([(), ("id",)])
few = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with jd.connect(tmp_path_factory.mktemp("laws") / "store") as opened:
        yield opened


def start(repo: Repository, key: tuple[str, ...], **sides: Sequence[str]) -> Dataset:
    """A dataset with a branch for each side, on which some statements were run, each in a commit of its own."""
    dataset = repo.create(f"law {new_id()}")
    with dataset.edit() as edit:
        edit["t"].replace(ROWS, key=key)
    for branch, statements in sides.items():
        dataset.branch(branch, at="main")
        for statement in statements:
            run(dataset, branch, statement)
    return dataset


def run(dataset: Dataset, branch: str, statement: str) -> None:
    """A statement that the table's key forbids is none."""
    try:
        with dataset.edit(branch) as edit:
            edit.sql(statement)
    except InvalidInputError as error:
        if error.kind is not ErrorKind.KEY_VIOLATION:
            raise


def rows(dataset: Dataset, ref: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in dataset[ref]["t"].to_arrow().to_pylist()]


def bag(dataset: Dataset, ref: str) -> Counter[tuple[Any, ...]]:
    return Counter(rows(dataset, ref))


@given(key=KEYS, ours=CHANGES)
@few
def test_merging_with_itself_or_an_ancestor_changes_nothing(repo: Repository, key: Any, ours: list[str]) -> None:
    dataset = start(repo, key, ours=ours)
    head = dataset["ours"].commit.id
    for source in ("ours", "main", head):
        assert dataset.merge(source, into="ours") is None
    assert dataset["ours"].commit.id == head


@given(key=KEYS, ours=CHANGES, theirs=CHANGES)
@few
def test_a_merge_is_the_same_from_either_side(repo: Repository, key: Any, ours: list[str], theirs: list[str]) -> None:
    """Without conflicts in its rows; with some in their number, and in the rows once one side settles them all."""
    dataset = start(repo, key, ours=ours, theirs=theirs)
    for name, source in (("left", "ours"), ("right", "theirs")):
        dataset.branch(name, at=source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MergeWarning)
        done = [dataset.merge("theirs", into="left"), dataset.merge("ours", into="right")]
        counts = [len(found) if isinstance(found, MergeConflicts) else 0 for found in done]
        for found, take in zip(done, ("ours", "theirs"), strict=True):
            if isinstance(found, MergeConflicts):
                found.resolve(take).commit()  # type: ignore[arg-type]  # one of the two texts
    assert counts[0] == counts[1]
    assert bag(dataset, "left") == bag(dataset, "right")


@given(key=KEYS, old=CHANGES, new=CHANGES)
@few
def test_a_difference_put_upon_the_one_version_gives_the_other(
    repo: Repository, key: Any, old: list[str], new: list[str]
) -> None:
    """Each line says what goes or comes; nothing goes that was not there, and the counts are those of the lines."""
    dataset = start(repo, key, old=old, new=new)
    found = dataset.diff("old", "new")
    lines = found["t"].rows().to_pylist() if len(found) else []
    kinds = Counter(line["change_type"] for line in lines)
    gone, come = (
        Counter((line["id"], line["x"], line["s"]) for line in lines if line["change_type"] in kinds_of_side)
        for kinds_of_side in (("delete", "update_preimage"), ("insert", "update_postimage"))
    )
    before = bag(dataset, "old")
    assert gone <= before
    assert before - gone + come == bag(dataset, "new")
    if lines:
        assert tuple(found["t"].counts) == (kinds["insert"], kinds["delete"], kinds["update_preimage"])
        assert not gone & come


@given(key=KEYS, changes=CHANGES, others=CHANGES)
@few
def test_compacting_changes_no_row_and_gives_what_an_import_of_the_rows_gives(
    repo: Repository, key: Any, changes: list[str], others: list[str]
) -> None:
    """The same pieces, hash for hash; and a merge of the compacted branch is a merge of the other one."""
    dataset = start(repo, key, changed=changes, plain=changes, other=others)
    before = dataset["changed"]["t"].to_arrow()
    dataset.compact(branch="changed")
    assert dataset["changed"]["t"].to_arrow().equals(before)
    assert dataset.compact(branch="changed") is None
    fresh = repo.create(f"law {new_id()}")
    with fresh.edit() as edit:
        edit["t"].replace(before, key=key)
    assert pieces(dataset, "changed") == pieces(fresh, "main")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MergeWarning)
        for branch in ("changed", "plain"):
            assert_merged(dataset.merge("other", into=branch, take="ours"))
    assert bag(dataset, "changed") == bag(dataset, "plain")


def pieces(dataset: Dataset, ref: str) -> list[tuple[str, int, Any]]:
    """What a table is made of; a segment's path holds its hash."""
    return [(segment.path, segment.rows, segment.patch) for segment in dataset[ref]["t"]._plan.segments]


def assert_merged(done: Commit | MergeConflicts | None) -> None:
    assert not isinstance(done, MergeConflicts)


def with_other_keys(repo: Repository, base: str, ours: str, theirs: str) -> Dataset:
    """A table whose sides were made anew where their key is another; a side without one has a row without an id."""
    dataset = repo.create(f"law {new_id()}")
    with dataset.edit() as edit:
        edit["t"].replace({"id": [1], "x": [1]}, key=base or ())
    dataset.branch("fix")
    for branch, key in (("main", ours), ("fix", theirs)):
        with dataset.edit(branch) as edit:
            if key != base:
                edit.drop("t")
            edit["t"].replace({"id": [1, 2 if key else None], "x": [1, len(branch)]}, key=key or ())
    return dataset


@pytest.mark.parametrize(("ours", "theirs"), [("id", ""), ("", "id")])
def test_a_key_that_one_side_gave_up_is_given_up(repo: Repository, ours: str, theirs: str) -> None:
    """So the row without a key stays, and those of the other side come beside it."""
    dataset = with_other_keys(repo, "id", ours, theirs)
    assert_merged(dataset.merge("fix"))
    assert bag(dataset, "main") >= bag(dataset, "fix")


@pytest.mark.parametrize(("ours", "theirs"), [("id", ""), ("", "id")])
def test_a_key_that_one_side_took_holds_for_the_rows_of_both(repo: Repository, ours: str, theirs: str) -> None:
    """A row without one is refused, and nothing is changed."""
    dataset = with_other_keys(repo, "", ours, theirs)
    before = rows(dataset, "main")
    with pytest.raises(InvalidInputError) as caught:
        dataset.merge("fix")
    assert caught.value.kind is ErrorKind.KEY_VIOLATION
    assert rows(dataset, "main") == before
