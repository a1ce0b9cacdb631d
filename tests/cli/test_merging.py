"""``merge`` as git has it: begun, looked at, settled, continued or aborted, each by a command of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.client.connect import connect
from tests.cli.conftest import Run, prices


@pytest.fixture
def odds(run: Run, store: Path) -> str:
    """The id of a merge in progress: three rows of ``sales`` were changed on both branches."""
    with connect(store) as repo:
        dataset = repo.create("sales")
        with dataset.edit() as edit:
            edit["sales"].replace(prices(), key="id")
        dataset.branch("fix")
    run("sql", "UPDATE sales SET price = -1 WHERE id < 3", "--branch", "fix")
    run("sql", "UPDATE sales SET price = -2 WHERE id < 3", "--branch", "main")
    return str(run("merge", "sales", "fix", "--json").data["error"]["details"]["merge"])


def test_a_merge_in_progress_is_gone_on_with(run: Run, odds: str) -> None:
    """It is listed, looked at, settled in steps, and committed once nothing is left; exit code 4 says that there is."""
    shown = run("merge", "sales", "fix")
    assert (shown.code, "3 conflicts" in shown.err, "merge sales --continue" in shown.err) == (4, True, True)
    assert odds in run("merge", "sales", "--list").out
    assert [m["id"] for m in run("merge", "sales", "--list", "--json").data["merges"]] == [odds]
    assert run("merge", "sales", "--json").data["count"] == 3
    assert run("merge", "sales", "--resolve", "theirs", "--key", "1", "--json").data["count"] == 2
    assert run("merge", "sales", "--resolve", "ours", "--column", "price", "--json").data["count"] == 0
    assert "settle all" in run("merge", "sales", "fix").out
    assert run("merge", "sales", "--unresolve", "--json").data["count"] == 2
    refused = run("merge", "sales", "--continue")
    assert (refused.code, "2 conflicts left" in refused.err) == (4, True)
    done = run("merge", "sales", "--take", "max", "--continue", "--json").data
    assert done["commit"]["message"] == "Merge fix into main"
    assert "-1" in run("sql", "SELECT DISTINCT price FROM sales WHERE id < 3").out
    gone = run("merge", "sales", "--continue")
    assert (gone.code, "No merge is in progress" in gone.err) == (3, True)
    assert "No merges in progress" in run("merge", "sales", "--list").out


def test_a_merge_is_aborted_or_refreshed(run: Run, odds: str) -> None:
    """After its branch moved it is looked at anew before it is committed."""
    run("sql", "UPDATE sales SET price = 5 WHERE id = 50", "--branch", "main")
    refused = run("merge", "sales", "--take", "ours", "--continue")
    assert (refused.code, "moved" in refused.err) == (4, True)
    assert run("merge", "sales", "--refresh", "--json").data["count"] == 0
    assert "nothing of it stays" in run("merge", "sales", "--id", odds, "--abort").out
    assert run("merge", "sales", "--abort").code == 3


def test_one_of_several_merges_is_named(run: Run, odds: str) -> None:
    """By its id or its branch; without, they are listed. Steps that exclude each other are refused."""
    run("branch", "sales", "side", "main~1")
    run("sql", "UPDATE sales SET price = -3 WHERE id < 2", "--branch", "side")
    assert run("merge", "sales", "fix", "--into", "side").code == 4
    several = run("merge", "sales", "--continue")
    assert (several.code, odds in several.err, "--id" in several.err) == (1, True, True)
    assert run("merge", "sales", "--into", "side", "--take", "ours", "--json").data["count"] == 0
    assert run("merge", "sales", "--id", "made-up", "--abort").code == 3
    for wrong in (("--abort", "--continue"), ("--table", "sales"), ("fix", "--abort"), ("--resolve", "none")):
        assert run("merge", "sales", "--id", odds, *wrong).code in (1, 2)


def test_answers_that_break_a_rule_are_told_and_changed(run: Run, odds: str) -> None:
    """With the rows and what to do; the merge waits for others."""
    assert odds
    run("edit", "check", "sales", "sales", "price <> -1")
    run("merge", "sales", "--resolve", "theirs", "--refresh")
    told = run("merge", "sales")
    assert (told.code, "price = -1" in told.out, "Settle its conflicts otherwise" in told.out) == (0, True, True)
    (problem,) = run("merge", "sales", "--json").data["problems"]
    assert (problem["kind"], problem["details"]["count"], len(problem["details"]["rows"])) == ("check-violation", 3, 3)
    for command in (["merge", "sales", "--continue"], ["merge", "sales", "fix"]):
        refused = run(*command)
        assert (refused.code, "breaks a rule" in refused.err, "price = -1" in refused.err) == (1, True, True)
    assert run("merge", "sales", "--resolve", "ours", "--continue").code == 0
