"""Each command does what it says, in words and in JSON."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run, prices

pytestmark = pytest.mark.usefixtures("sales")


def test_create_then_ls_shows_the_dataset(run: Run) -> None:
    """A dataset that was made is listed with its labels and description."""
    assert run("create", "flights", "-d", "of 2013", "-l", "nyc").code == 0
    assert "flights  nyc     of 2013" in run("ls").out
    assert [d["name"] for d in run("ls", "--json").data] == ["flights", "sales"]


def test_show_tells_a_dataset_and_a_table_at_a_version(run: Run) -> None:
    """``show`` gives tables of a version, and types and first rows of a table."""
    assert [t["name"] for t in run("show", "sales", "--at", "fix", "--json").data["tables"]] == ["notes", "sales"]
    shown = run("show", "sales.sales", "--at", "fix", "-n", "8").out
    assert "price   DOUBLE" in shown
    assert " 7  thing 7    0.0" in shown
    assert "\nfirst 8 of 100 rows:\n" in shown
    assert "first" not in run("show", "sales.sales", "--at", "fix", "-n", "100").out
    assert run("show", "sales.sales", "--json").data["head"][1] == {"id": 1, "name": "thing 1", "price": 0.25}


def test_rename_keeps_the_content(run: Run) -> None:
    """A renamed dataset is found by its new name only."""
    assert run("rename", "sales", "shop").code == 0
    assert run("show", "shop.sales").code == 0
    assert run("show", "sales").code == 3


def test_delete_asks_nothing_and_restore_brings_back(run: Run) -> None:
    """The bin makes a question superfluous: what was deleted comes back by the id that was printed."""
    back = run("delete", "sales", "--json").data["restore"]
    assert run("ls", "--json").data == []
    assert [d["name"] for d in run("restore", "--list", "--json").data] == ["sales"]
    assert run("create", "sales").code == 0
    taken = run("restore", "sales")
    assert taken.code == 4
    assert run(*back.split()[2:], "--name", "old").code == 0
    assert run("show", "old.sales").code == 0


def test_edit_drops_renames_attaches_and_detaches(run: Run, tmp_path: Path) -> None:
    """Each action makes one commit on the branch that it names."""
    book = tmp_path / "codebook.txt"
    book.write_text("id: a number")
    assert run("edit", "rename", "sales", "notes", "remarks", "--branch", "fix").code == 0
    assert run("edit", "attach", "sales", book, "--branch", "fix", "-m", "the code book").code == 0
    shown = run("show", "sales", "--at", "fix", "--json").data
    assert [t["name"] for t in shown["tables"]] == ["remarks", "sales"]
    assert [f["name"] for f in shown["files"]] == ["codebook.txt"]
    assert shown["commit"]["message"] == "the code book"
    assert run("edit", "detach", "sales", "codebook.txt", "--branch", "fix").code == 0
    assert run("edit", "drop", "sales", "remarks", "--branch", "fix").code == 0
    assert [t["name"] for t in run("show", "sales", "--at", "fix", "--json").data["tables"]] == ["sales"]
    assert len(run("log", "sales", "fix", "--json").data) == 6


def test_log_lists_and_draws(run: Run) -> None:
    """``log`` follows a branch, ``--graph`` all of them."""
    assert [c["message"] for c in run("log", "sales", "fix", "--json").data] == ["one is free", "first load"]
    assert [c["message"] for c in run("log", "sales", "fix", "-n", "1", "--json").data] == ["one is free"]
    assert [line[0] for line in run("log", "sales", "--graph").out.splitlines()] == ["*", "*"]
    assert "no commits yet" in (run("create", "empty"), run("log", "empty").out.casefold())[1]


def test_sql_changes_data(run: Run) -> None:
    """In a commit on a branch; the statement is its message where none is given."""
    done = run("sql", "DELETE FROM sales WHERE true", "--branch", "fix", "--json").data
    assert done["commit"]["message"] == "DELETE FROM sales WHERE true"
    assert run("sql", "SELECT count(*) AS n FROM sales", "--at", "fix", "--json").data["rows"] == [{"n": 0}]
    assert "nothing changed on fix" in run("sql", "DELETE FROM sales", "--branch", "fix", "-m", "again").out


def test_branches_are_merged_and_commits_taken_back(run: Run) -> None:
    """What is in conflict is shown, and nothing is changed; an answer for all settles it."""
    run("branch", "sales", "side", "main")
    run("sql", "DELETE FROM sales", "--branch", "side", "-m", "all gone")
    done = run("merge", "sales", "side", "--json").data
    assert done["commit"]["message"] == "all gone"
    assert "has all of side already" in run("merge", "sales", "side").out
    back = run("revert", "sales", "main", "-m", "not yet", "--json").data
    assert back["commit"]["message"] == "not yet"
    assert "already" in run("cherry-pick", "sales", "main", "--onto", "main").out


@pytest.mark.parametrize("number", ["-5", "1.5", "x"])
def test_a_number_of_commits_or_rows_is_no_other_text(run: Run, number: str) -> None:
    """What is no count is refused as misuse, and not read as one commit."""
    for command in (("log", "sales"), ("diff", "sales", "v1", "fix"), ("jobs", "list")):
        refused = run(*command, f"--number={number}")
        assert refused.code == 2
        assert "is no number from 0 on" in refused.err


def test_diff_shows_tables_columns_and_rows(run: Run) -> None:
    """A changed row shows before and after; ``-n`` limits rows; an equal table says so."""
    data = run("diff", "sales", "v1", "fix", "--rows", "--schema", "--json").data
    assert [(c["name"], c["change"], c["added"]) for c in data["changes"]] == [
        ("notes", "added", 1),
        ("sales", "changed", 1),
    ]
    assert [(r["change_type"], r["price"]) for r in data["rows"]["sales"]] == [("delete", 1.75), ("insert", 0.0)]
    assert data["schema"] == []
    assert "(1 more row; -n shows more)" in run("diff", "sales.sales", "v1", "fix", "--rows", "-n", "1").out
    assert "nothing differs" in run("diff", "sales.sales", "v1", "main").out
    assert run("diff", "sales.nothing", "v1", "fix").code == 3


def test_diff_tells_of_columns_once(run: Run) -> None:
    """Without a table the summary names them; of one table, ``--schema`` does."""
    assert run("edit", "add-column", "sales.sales", "note", "VARCHAR").code == 0
    for target, option in (("sales", ()), ("sales", ("--schema",)), ("sales.sales", ("--schema",))):
        assert run("diff", target, "v1", "main", *option).out.count("note VARCHAR") == 1
    assert "No column differs." in run("diff", "sales", "v1", "fix", "--schema").out


def test_branches_and_tags_are_made_listed_and_deleted(run: Run) -> None:
    """Both commands list their own kind only, and deleting is taken back by undo."""
    assert run("branch", "sales", "later", "v1").code == 0
    assert [r["name"] for r in run("branch", "sales", "--json").data] == ["fix", "later", "main"]
    assert run("tag", "sales", "v2", "fix").code == 0
    assert [r["name"] for r in run("tag", "sales", "--json").data] == ["v1", "v2"]
    assert run("tag", "sales", "--delete", "later").code == 3
    assert run("branch", "sales", "--delete", "later").code == 0
    assert run("undo", "sales", "later").code == 0
    assert "later" in run("branch", "sales").out


def test_undo_and_redo_move_a_branch(run: Run) -> None:
    """``undo`` goes to where the branch was, ``redo`` goes back."""
    first, second = (run("log", "sales", ref, "--json").data[0]["id"] for ref in ("v1", "fix"))
    assert run("undo", "sales", "fix", "--json").data["commit"] == first
    assert run("redo", "sales", "fix", "--json").data["commit"] == second
    assert run("redo", "sales", "fix").code == 4


def test_export_writes_a_version_and_replaces_only_by_force(run: Run, tmp_path: Path) -> None:
    """A file that exists stays unless ``--force`` is given."""
    file = tmp_path / "prices.parquet"
    assert run("export", "sales", file, "--at", "fix").code == 0
    assert pq.read_table(file).equals(prices(id7=0.0))
    assert run("export", "sales", file).code == 4
    assert run("export", "sales", file, "--force").code == 0
    assert pq.read_table(file).equals(prices())
    assert run("export", "sales", tmp_path / "prices.xlsm").code == 1


def test_checkout_writes_tables_and_files(run: Run, tmp_path: Path) -> None:
    """Tables become Parquet, attached files go into files/, and strangers in the folder stay."""
    book, folder = tmp_path / "book.txt", tmp_path / "out" / "v"
    book.write_text("codes")
    run("edit", "attach", "sales", book, "--branch", "fix")
    assert run("checkout", "sales", "fix", "--to", folder, "--json").data["files"] == [
        "files/book.txt", "notes.parquet", "sales.parquet",
    ]  # fmt: skip
    assert pq.read_table(folder / "sales.parquet").equals(prices(id7=0.0))
    (folder / "mine.txt").write_text("mine")
    assert run("checkout", "sales", "v1", "--to", folder).code == 4
    assert run("checkout", "sales", "v1", "--to", folder, "--force").code == 0
    assert pq.read_table(folder / "sales.parquet").equals(prices())
    assert (folder / "mine.txt").read_text() == "mine"
    assert [path.name for path in folder.parent.iterdir()] == ["v"]


def test_checkout_into_an_empty_folder_needs_no_force(run: Run, tmp_path: Path) -> None:
    """A folder that was made before, but is empty, is filled."""
    (tmp_path / "empty").mkdir()
    assert run("checkout", "sales", "v1", "--to", tmp_path / "empty").code == 0
