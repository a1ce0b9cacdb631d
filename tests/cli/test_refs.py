"""Branches and tags renamed and protected, a dataset at a glance, and a log of some commits, on the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("sales")


def names(run: Run, kind: str) -> list[str]:
    return [ref["name"] for ref in run(kind, "sales", "--json").data]


def test_a_branch_or_tag_is_renamed_and_the_way_back_is_shown(run: Run) -> None:
    """Undo under the new name takes it back, and says so."""
    told = run("branch", "sales", "fix", "--rename", "mend")
    assert (told.code, names(run, "branch")) == (0, ["main", "mend"])
    assert "'fix' is called 'mend' now. To take that back: jupyter datasets undo sales mend" in told.out
    assert (
        "'mend' is called 'fix' now. To reverse that: jupyter datasets redo sales fix"
        in run("undo", "sales", "mend").out
    )
    assert run("tag", "sales", "v1", "--rename", "v1.0", "--json").data["formerly"] == "v1"
    assert names(run, "tag") == ["v1.0"]


def test_a_rename_that_cannot_be_names_the_reason_or_the_command(run: Run) -> None:
    """A tag is not renamed as a branch; main keeps its name; what is taken is taken."""
    wrong_kind = run("branch", "sales", "v1", "--rename", "v2")
    assert wrong_kind.code == 3
    assert "jupyter datasets tag sales v1 --rename v2" in wrong_kind.err
    assert run("branch", "sales", "main", "--rename", "trunk").code == 1
    assert run("branch", "sales", "fix", "--rename", "v1").code == 4
    assert "Did you mean 'fix'" in run("branch", "sales", "fixx", "--rename", "mend").err
    for arguments in (["--rename", "x"], ["fix", "v1", "--rename", "x"], ["--protect"]):
        assert "Which branch?" in run("branch", "sales", *arguments).err
    assert run("branch", "sales", "fix", "--rename", "x", "--protect").code == 2
    assert run("tag", "sales", "v1", "--protect").code == 2
    assert names(run, "branch") == ["fix", "main"]


def test_a_protected_branch_is_shown_and_takes_no_changes(run: Run) -> None:
    """Until it is unprotected, for which the command is shown."""
    told = run("branch", "sales", "fix", "--protect")
    assert "jupyter datasets branch sales fix --unprotect" in told.out
    assert run("branch", "sales").out.splitlines()[1].split()[::2] == ["fix", "protected"]
    for arguments in (
        ("edit", "drop", "sales", "notes", "--branch", "fix"),
        ("undo", "sales", "fix"),
        ("branch", "sales", "--delete", "fix"),
        ("branch", "sales", "fix", "--rename", "mend"),
    ):
        refused = run(*arguments, "--json")
        assert (refused.code, "branch-protected" in refused.out + refused.err) == (1, True), arguments
    assert run("branch", "sales", "fix", "--unprotect", "--json").data["protected"] is False
    assert run("undo", "sales", "fix").code == 0


def test_show_gives_a_dataset_at_a_glance(run: Run) -> None:
    """Content, heads, counts and last changes, in words and in JSON."""
    data = run("show", "sales", "--at", "fix", "--json").data
    assert data["counts"] == {"commits": 2, "branches": 2, "tags": 1, "tables": 2, "files": 0}
    assert [commit["refs"] for commit in data["heads"]] == [["fix"], ["main", "v1"]]
    assert data["changes"][0]["ref"] == "fix"
    assert data["bytes"] == sum(table["bytes"] for table in data["tables"])
    shown = run("show", "sales").out
    for words in ("2 commits, 2 branches, 1 tag", "1 table, 0 files", "commit fix", "create v1", "100 rows"):
        assert words in shown


def test_log_shows_some_commits(run: Run) -> None:
    """By table, author and time; with none, it says so instead of the first step."""

    def messages(*arguments: str) -> list[str]:
        return [commit["message"] for commit in run("log", "sales", "fix", *arguments, "--json").data]

    assert messages("--table", "notes") == ["one is free"]
    assert messages("--table", "SALES") == ["one is free", "first load"]
    assert messages("--since", "2020-01-01", "--author", "") == ["one is free", "first load"]
    assert (
        messages("--until", "2020-01-01") == messages("--path", "book") == messages("--author", "nobody at all") == []
    )
    assert "no such commits" in run("log", "sales", "--table", "jets").out
    assert "2026-01-31" in run("log", "sales", "--since", "yesterday").err
    assert run("log", "sales", "--graph", "--table", "notes").code == 1
