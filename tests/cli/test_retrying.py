"""Failed jobs run again from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_a_failed_import_runs_again(run: Run, tmp_path: Path) -> None:
    """Its rows are counted as an import's are; the job says which one it retries."""
    file = tmp_path / "t.csv"
    file.write_text("n\n1\nx\n")
    run("create", "t")
    assert run("import", file, "t", "--type", "n=BIGINT").code == 1
    failed = run("jobs", "--json").data[0]["id"]
    file.write_text("n\n1\n2\n")
    done = run("jobs", "retry", failed)
    assert (done.code, done.out.splitlines()[0].partition(",")[0]) == (0, "t: 2 rows")
    again = run("jobs", "--json").data[0]
    assert (again["status"], again["retry_of"]) == ("succeeded", failed)
    assert f"retries   {failed}" in run("jobs", "show", again["id"]).out


def test_one_that_fails_again_says_why(run: Run, tmp_path: Path) -> None:
    """As the import itself does."""
    file = tmp_path / "t.csv"
    file.write_text("n\nx\n")
    run("create", "t")
    first = run("import", file, "t", "--type", "n=BIGINT")
    again = run("jobs", "retry", run("jobs", "--json").data[0]["id"])
    assert (again.code, again.err) == (first.code, first.err)


def test_one_that_succeeded_is_left_alone(run: Run, tmp_path: Path) -> None:
    """It is said why, and nothing is queued."""
    file = tmp_path / "t.csv"
    file.write_text("n\n1\n")
    run("import", file)
    refused = run("jobs", "retry", run("jobs", "--json").data[0]["id"])
    assert refused.code != 0
    assert "has succeeded" in refused.err
    assert len(run("jobs", "--json").data) == 1
