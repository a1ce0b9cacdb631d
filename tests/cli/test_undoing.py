"""Undo and redo tell where they left a branch, and how to go back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def one(run: Run, tmp_path: Path) -> Run:
    """A store whose dataset ``t`` has one commit."""
    file = tmp_path / "t.csv"
    file.write_text("a\n1\n")
    assert run("import", file).code == 0
    return run


def test_after_the_first_commit_is_undone_redo_is_offered_everywhere(one: Run) -> None:
    """The dataset looks empty, but is not: whoever looks at it learns how the commit comes back."""
    assert "jupyter datasets redo t main" in one("undo", "t").out
    for shown in (one("log", "t").out, one("show", "t").out, one("show", "t.t").err):
        assert "jupyter datasets redo t" in shown
        assert "Import a file" not in shown
    again = one("undo", "t")
    assert again.code == 4
    assert "jupyter datasets redo t main" in again.err
    assert "is at" in one("redo", "t").out
    assert len(one("log", "t", "--json").data) == 1


def test_a_branch_whose_making_is_undone_is_gone(one: Run) -> None:
    """It is told apart from a branch without commits."""
    one("branch", "t", "fix")
    assert "'fix' is gone now" in one("undo", "t", "fix").out
    assert "'fix' is at" in one("redo", "t", "fix").out


def test_a_dataset_that_never_had_a_commit_has_nothing_to_redo(run: Run) -> None:
    """It still teaches the first step."""
    run("create", "new")
    assert "jupyter datasets import" in run("log", "new").out
    assert "redo" not in run("undo", "new").err


@pytest.mark.usefixtures("sales")
def test_moves_are_listed_and_nothing_is_moved(run: Run) -> None:
    """For people and as JSON; of a branch that was deleted as well."""
    run("branch", "sales", "--delete", "fix")
    listed = run("undo", "sales", "fix", "--list")
    assert [line.split()[3] for line in listed.out.splitlines()[1:]] == ["delete", "commit", "create"]
    moves = run("redo", "sales", "fix", "--list", "--json").data
    assert [move["action"] for move in moves] == ["delete", "commit", "create"]
    assert run("undo", "sales", "nothing", "--list").code == 3
    assert [ref["name"] for ref in run("branch", "sales", "--json").data] == ["main"]
