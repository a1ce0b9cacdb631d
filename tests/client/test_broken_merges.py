"""A merge whose result would break a rule says which rows do, and can be gone on with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, InvalidInputError


@pytest.fixture
def people(repo: Repository) -> Iterator[Dataset]:
    """No two may have one nickname; ``fix`` gives Ada the one that ``main`` gave somebody new."""
    dataset = repo.create("people")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR, nick VARCHAR UNIQUE)")
        edit["people"].append({"id": [1, 2], "name": ["Ada", "Bob"], "nick": ["a", "b"]})
    dataset.branch("fix")
    change(dataset, "fix", "UPDATE people SET nick = 'z' WHERE id = 1")
    change(dataset, "main", "INSERT INTO people VALUES (3, 'Zoe', 'z')")
    yield dataset
    dataset.delete()


def change(dataset: Dataset, branch: str, *statements: str) -> None:
    with dataset.edit(branch) as edit:
        for statement in statements:
            edit.sql(statement)


def at_odds(dataset: Dataset) -> MergeConflicts:
    """Taking theirs breaks the rule."""
    change(dataset, "main", "UPDATE people SET nick = 'ours' WHERE id = 1")
    found = dataset.merge("fix")
    assert isinstance(found, MergeConflicts)
    return found


def nicks(dataset: Dataset) -> dict[int, str]:
    found = dataset["main"]["people"].to_arrow()
    return dict(zip(found["id"].to_pylist(), found["nick"].to_pylist(), strict=True))


def test_without_conflicts_it_is_an_error_that_names_the_rows(people: Dataset) -> None:
    """With the merge, the table, the rule and what to do; nothing is changed, and nothing waits for answers."""
    before = people["main"].commit
    with pytest.raises(InvalidInputError, match=r"merge of fix into main breaks a rule\. Table 'people'") as caught:
        people.merge("fix")
    error = caught.value
    assert (error.kind, error.details["table"], error.details["rule"]) == (
        ErrorKind.UNIQUE_VIOLATION, "people", "nick",
    )  # fmt: skip
    assert (error.details["count"], [row["name"] for row in error.details["rows"]]) == (2, ["Ada", "Zoe"])
    assert "then merge again" in error.next_step
    assert (people["main"].commit, list(people.merges())) == (before, [])


def test_with_answers_it_stays_in_progress_and_says_what_breaks(people: Dataset) -> None:
    """It is looked at like any other; committing is refused until the answers are others."""
    found = at_odds(people).resolve("theirs")
    (problem,) = found.problems
    assert (len(found), problem.kind, problem.details["count"]) == (0, ErrorKind.UNIQUE_VIOLATION, 2)
    assert "breaks a rule" in repr(found)
    assert "breaks a rule" in found._repr_html_()
    with pytest.raises(InvalidInputError, match="breaks a rule") as caught:
        found.commit()
    assert caught.value.details.items() >= problem.details.items()
    assert found.resolve("ours").problems == ()
    assert found.commit() is not None
    assert nicks(people) == {1: "ours", 2: "b", 3: "z"}


def test_rows_are_mended_on_the_branch(people: Dataset) -> None:
    """Once it is refreshed the merge is committed with the answers that it had."""
    found = at_odds(people).resolve("theirs")
    change(people, "main", "UPDATE people SET nick = 'zoe' WHERE id = 3")
    assert found.refresh().problems == ()
    assert found.commit() is not None
    assert nicks(people) == {1: "z", 2: "b", 3: "zoe"}


def test_begun_again_with_answers_that_break_a_rule_it_keeps_those_that_it_had(people: Dataset) -> None:
    """Or else who began it could not go on."""
    found = at_odds(people).resolve("ours")
    with pytest.raises(InvalidInputError, match="breaks a rule"):
        people.merge("fix", take="theirs")
    (kept,) = people.merges()
    assert (kept.resolutions, len(kept), kept.problems) == (found.resolutions, 0, ())
    kept.resolve("theirs")
    (again,) = [people.merge("fix")]
    assert isinstance(again, MergeConflicts)
    assert len(again.problems) == 1


def test_conflicts_of_other_tables_are_told_beside_it(people: Dataset) -> None:
    """So that nobody has to mend one table to hear of the next."""
    with people.edit() as edit:
        edit["second"].append({"n": [1]})
    with people.edit("fix") as edit:
        edit["second"].append({"n": [2]})
    found = people.merge("fix")
    assert isinstance(found, MergeConflicts)
    assert [(c.kind, c.name) for c in found.conflicts] == [("table", "second")]
    assert [p.details["table"] for p in found.problems] == ["people"]
