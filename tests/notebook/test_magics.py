"""``%%sql``, ``%%dsql`` and ``%datasets`` in a shell of this process, and in real kernels."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError, StatementError
from jupyter_datasets.notebook import use
from jupyter_datasets.notebook.arguments import Arguments, parse_line

FOREVER = "SELECT count(*) FROM range(10000000) a, range(100000) b WHERE hash(a.range, b.range) = 5"


def fill(repository: Repository) -> None:
    """``flights`` with a tag and one row more on ``main``."""
    flights = repository.create("flights")
    with flights.edit("main", message="first") as edit:
        edit["flights"].append(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
    flights.tag("v1.0")
    with flights.edit("main", message="second") as edit:
        edit["flights"].append(pa.table({"a": [4], "b": ["w"]}))


@pytest.fixture
def repo(store: Path) -> Iterator[Repository]:
    with connect(store) as made:
        fill(made)
        use(made)
        yield made
        use(None)


class Shell:
    """An IPython shell with the extension loaded."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.ip = InteractiveShell(config=config)
        self.run("%load_ext jupyter_datasets")

    def run(self, cell: str) -> Any:
        """What the cell gives; raises what it raises."""
        result, _ = self.show(cell)
        result.raise_error()
        return result.result

    def show(self, cell: str) -> tuple[ExecutionResult, str]:
        """How the cell ended, and what it wrote."""
        with capture_output() as captured:
            result = self.ip.run_cell(cell)
        return result, captured.stdout


@pytest.fixture
def shell(repo: Repository) -> Shell:
    del repo
    return Shell()


# --------------------------------------------------------------------------------------------------------------------
# The line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Arguments(statement="")),
        ("SELECT x << 2", Arguments(statement="SELECT x << 2")),
        ("early <<", Arguments(statement="", into="early")),
        ("early << --as pandas", Arguments(statement="", into="early", form="pandas")),
        ("--as polars early << SELECT 1", Arguments(statement="SELECT 1", into="early", form="polars")),
        ("--into x --at v1.0 --limit 5 FROM t", Arguments(statement="FROM t", into="x", at="v1.0", limit=5)),
        ("--at='main@{2026-01-31 10:00}' FROM t", Arguments(statement="FROM t", at="main@{2026-01-31 10:00}")),
        ('--at "v 1" -- a comment', Arguments(statement="-- a comment", at="v 1")),
        ("--branch fix --message 'one row'", Arguments(statement="", branch="fix", message="one row")),
    ],
)
def test_the_line_is_taken_apart(line: str, expected: Arguments) -> None:
    """Options and the name stand in any order before the statement."""
    assert parse_line(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--limi 5", "Did you mean --limit?"),
        ("--job", "--job is not supported by this version"),
        ("--as excel", "A result cannot become 'excel'. Use one of: pandas, polars, arrow, relation."),
        ("--limit many", "--limit takes a number"),
        ("--at --limit 5", "--at needs a value"),
        ("--into a-b", "'a-b' is no name for a Python variable"),
        ("--into a b << SELECT 1", "--into is given twice"),
    ],
)
def test_a_wrong_line_is_refused(line: str, message: str) -> None:
    """What cannot be done is said, and the nearest option is offered; nothing is taken and ignored."""
    with pytest.raises(InvalidInputError) as caught:
        parse_line(line)
    assert message in str(caught.value)


# --------------------------------------------------------------------------------------------------------------------
# %%sql


@pytest.mark.parametrize("magic", ["sql", "dsql"])
def test_a_cell_gives_a_result(shell: Shell, magic: str) -> None:
    """The result of a cell or a line; it shows rows, time and versions."""
    assert len(shell.run(f"%%{magic}\nSELECT *\nFROM flights")) == 4
    assert shell.run(f"r = %{magic} FROM flights\nr").summary().startswith("4 rows, ")
    assert len(shell.run(f"%%{magic} --at v1.0 --limit 2\nFROM flights")) == 2


def test_variables_are_bound(shell: Shell) -> None:
    """``$name`` is the variable's value, never its text, in lines as well; DataFrames are tables."""
    shell.run("name = \"x' OR true\"; two = 2; import pandas; df = pandas.DataFrame({'a': [2, 4]})")
    assert shell.run("%%sql\nFROM flights WHERE b = $name").fetchall() == []
    assert shell.run("%sql SELECT a FROM flights WHERE a = $two").fetchall() == [(2,)]
    assert shell.run("%%sql\nSELECT b FROM flights JOIN df USING (a) ORDER BY b").fetchall() == [("w",), ("y",)]


def test_variables_of_a_function_come_first(shell: Shell) -> None:
    """A line in a function sees the function's own variables."""
    shell.run("a = 1\ndef f():\n    a = 3\n    return get_ipython().run_line_magic('sql', 'SELECT $a')")
    shell.ip.user_ns["get_ipython"] = lambda: shell.ip
    assert shell.run("f()").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("form", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table), ("relation", object)]
)
def test_a_result_goes_into_a_variable(shell: Shell, form: str, kind: type) -> None:
    """``--into`` and ``<<`` keep the result in any form and say what it is."""
    ended, written = shell.show(f"%%sql --into kept --as {form}\nFROM flights")
    assert ended.success
    assert ended.result is None
    assert written.startswith("kept: 4 rows, ")
    assert isinstance(shell.ip.user_ns["kept"], kind)
    shell.run("%%sql again <<\nFROM kept WHERE a < 3")
    assert len(shell.ip.user_ns["again"]) == 2


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        (
            "%%sql\nSELECT a,\n  bb\nFROM flights",
            [
                'StatementError: Referenced column "bb" not found in FROM clause (line 2, column 3).',
                "    bb",
                "    ^",
                "Did you mean b?",
            ],
        ),
        (
            "%sql FROM flihts",
            [
                "StatementError: There is no dataset, DataFrame or Arrow table 'flihts' (line 1, column 6).",
                "  FROM flihts",
                "       ^",
                "Did you mean flights?",
            ],
        ),
        (
            "%%sql\nSELECT CAST(b AS INT) FROM flights",
            [
                "StatementError: Could not convert string 'x' to INT32 when casting from source column b"
                " (line 1, column 8).",
                "  SELECT CAST(b AS INT) FROM flights",
                "         ^",
            ],
        ),
    ],
)
def test_an_error_is_brief_and_fails_the_cell(shell: Shell, cell: str, lines: list[str]) -> None:
    """Message, line, caret and suggestion, no traceback; an error of the running query fails the cell as well."""
    ended, written = shell.show(cell)
    assert isinstance(ended.error_in_exec, StatementError)
    assert written.rstrip("\n").split("\n") == lines


def test_an_empty_cell_is_refused(shell: Shell) -> None:
    """It says how the magic is used."""
    with pytest.raises(InvalidInputError, match="There is no statement"):
        shell.run("%sql --limit 5")


def test_a_cell_may_make_and_alter_a_table(shell: Shell, repo: Repository) -> None:
    """As one commit each; no row is said to have changed."""
    made = shell.run("%%sql\nCREATE TABLE flights.prices (item VARCHAR PRIMARY KEY, price INT CHECK (price > 0))")
    shell.run("%%sql\nALTER TABLE flights.prices ADD COLUMN currency VARCHAR DEFAULT 'EUR'")
    assert repr(made).startswith("flights.prices: changed on main in ")
    assert repo["flights"]["main"]["prices"].columns == ["item", "price", "currency"]


def test_a_cell_may_change_data(shell: Shell, repo: Repository) -> None:
    """On a branch, with a message, together with a DataFrame; what it did is shown."""
    repo["flights"].branch("fix")
    shell.ip.user_ns["late"] = pd.DataFrame({"a": [1], "b": ["late"]})
    cell = "UPDATE flights SET b = late.b FROM late WHERE late.a = flights.a"
    changed = shell.run(f"%%sql --branch fix --message 'late again'\n{cell}")
    assert changed.commit is not None
    assert (changed.commit.message, repo["flights"]["fix"].commit.id) == ("late again", changed.commit.id)
    assert repr(changed).startswith("flights: 1 row changed on fix")
    assert "late" in repo["flights"]["fix"]["flights"].to_arrow()["b"].to_pylist()
    for option, statement in (("--limit 5", cell), ("--branch fix", "FROM flights")):
        with pytest.raises(InvalidInputError, match="means nothing to a statement"):
            shell.run(f"%%sql {option}\n{statement}")


def test_rows_that_break_a_rule_are_shown(shell: Shell, repo: Repository) -> None:
    """As a small table under the message, with how many more there are."""
    with repo["flights"].edit() as edit:
        edit["flights"].add_check("a < 100")
    with pytest.raises(InvalidInputError) as caught:
        shell.run("%%sql\nINSERT INTO flights SELECT 100 + range, 'x' FROM range(12)")
    lines = caught.value._render_traceback_()  # type: ignore[attr-defined]  # a hook of IPython
    assert lines[1:4] == ["  a  b", "100  x", "101  x"]
    assert lines[-2] == "(2 more)"


# --------------------------------------------------------------------------------------------------------------------
# %datasets


def test_datasets_are_looked_at(shell: Shell, repo: Repository) -> None:
    """List, log, difference, branches and tags."""
    assert [dataset.name for dataset in shell.run("%datasets")] == ["flights"]
    assert [commit.message for commit in shell.run("%datasets log flights")] == ["second", "first"]
    assert len(shell.run("%datasets log flights v1.0")) == 1
    assert list(shell.run("%datasets diff flights v1.0 main")) == ["flights"]
    assert "fix/b" in shell.run("%datasets branch flights fix/b v1.0")
    assert "v2.0" in shell.run("%datasets tag flights v2.0")
    assert repo["flights"]["fix/b"].commit == repo["flights"]["v1.0"].commit.model_copy(
        update={"refs": ("fix/b", "v1.0")}
    )


def test_use_fixes_what_a_name_means(shell: Shell) -> None:
    """From then on; nothing changes when one of several names is wrong."""
    with pytest.raises(NotFoundError):
        shell.run("%datasets use flights@v1.0 nowhere@main")
    assert len(shell.run("%sql FROM flights")) == 4
    _, written = shell.show("%datasets use flights@v1.0")
    assert written.startswith("flights means v1.0, commit ")
    assert len(shell.run("%sql FROM flights")) == 3


def test_pin_writes_the_line_that_fixes_versions(shell: Shell, repo: Repository) -> None:
    """The cell is replaced by the line, which is shown as well; later commits change nothing any more."""
    repo.create("unused").attach(__file__)
    repo.create("empty")
    shell.run("%sql FROM flights")
    commit = repo["flights"]["main"].commit
    _, written = shell.show("%datasets pin")
    line = f"%datasets use flights@{commit.short}"
    assert written.startswith(line)
    assert shell.ip.rl_next_input == line
    with repo["flights"].edit("main") as edit:
        edit["flights"].append(pa.table({"a": [5], "b": ["v"]}))
    assert shell.run("%sql FROM flights").versions == {"flights": commit.id}
    shell.run("%datasets use flights@main")
    shell.run(line)
    assert len(shell.run("%sql FROM flights")) == 4


def test_pin_without_a_query_takes_all(shell: Shell) -> None:
    """A notebook that has not asked anything yet is pinned to what there is."""
    shell.run("%datasets pin")
    assert shell.ip.rl_next_input.startswith("%datasets use flights@")


def test_branches_and_tags_are_made_renamed_protected_and_deleted(shell: Shell) -> None:
    """As on the command line; the references of now are shown."""
    assert [r.name for r in shell.run("%datasets branch flights fix v1.0")] == ["fix", "main", "v1.0"]
    assert [r.name for r in shell.run("%datasets branch flights fix --rename mend")] == ["main", "mend", "v1.0"]
    assert [r.protected for r in shell.run("%datasets branch flights --protect mend")] == [False, True, False]
    assert not any(r.protected for r in shell.run("%datasets branch flights mend --unprotect"))
    assert [r.name for r in shell.run("%datasets branch flights mend --delete")] == ["main", "v1.0"]
    assert "v2" in shell.run("%datasets tag flights v1.0 --rename v2")


def test_a_dataset_is_shown_at_a_glance_and_its_log_narrowed(shell: Shell) -> None:
    """``show`` is the overview, ``log`` takes what limits it."""
    assert shell.run("%datasets show flights").counts.commits == 2
    assert shell.run("%datasets show flights v1.0").tables["flights"].rows == 3
    assert [c.message for c in shell.run("%datasets log flights --table flights --since 2020-01-01")] == [
        "second",
        "first",
    ]
    assert len(shell.run("%datasets log flights v1.0 --author nobody")) == 0


def test_datasets_tells_where_a_dataset_comes_from(shell: Shell, repo: Repository) -> None:
    """Up, down or both; a statement in a cell tells what it read and the cell's code."""
    copy = repo.create("copy")
    with copy.edit() as edit:
        edit["copy"].append({"a": [1], "b": ["x"]})
    shell.run("%%sql\nINSERT INTO copy SELECT * FROM flights AT (VERSION => 'v1.0')")
    assert [node.dataset for node in shell.run("%datasets lineage copy").inputs] == ["flights"]
    assert [node.dataset for node in shell.run("%datasets lineage flights --down").outputs] == ["copy"]
    assert shell.run("%datasets lineage copy '#1' --up").inputs == []
    found = copy.provenance()
    assert found is not None
    assert (found.kind, found.notebook) == ("console", None)
    for wrong in ("lineage", "lineage copy --up --down", "lineage copy --left"):
        with pytest.raises(InvalidInputError, match="Usage: %datasets lineage"):
            shell.run(f"%datasets {wrong}")


def test_branches_are_merged_in_the_words_of_the_command_line(shell: Shell, repo: Repository) -> None:
    """A merge with conflicts is shown, settled and committed; commits are taken back and repeated."""
    flights = repo["flights"]
    with flights.edit() as edit:
        edit["keyed"].replace({"id": [1, 2], "x": [0, 0]}, key="id")
    flights.branch("fix")
    for branch, value in (("fix", 1), ("main", 2)):
        with flights.edit(branch, message=f"on {branch}") as edit:
            edit.sql(f"UPDATE keyed SET x = {value}")
    found = shell.run("%datasets merge flights fix")
    assert (len(found), [m.id for m in shell.run("%datasets merge flights --list")]) == (2, [found.id])
    assert len(shell.run("%datasets merge flights --resolve theirs --key 1")) == 1
    assert len(shell.run("%datasets merge flights --unresolve")) == 2
    assert shell.run("%datasets merge flights --take max --continue").message == "Merge fix into main"
    assert flights["main"]["keyed"].to_arrow()["x"].to_pylist() == [2, 2]
    assert shell.run("%datasets revert flights fix --branch fix --message 'not yet'").message == "not yet"
    assert shell.run("%datasets cherry-pick flights fix~1 --onto fix").message == "on fix"
    assert shell.run("%datasets merge flights fix --squash --take ours --message done") is None


def test_another_store_is_chosen(shell: Shell, tmp_path: Path) -> None:
    """``%datasets connect`` opens a folder, and the magics use it."""
    found = shell.run(f"%datasets connect '{tmp_path}/second store'")
    try:
        assert list(found) == []
        with pytest.raises(StatementError):
            shell.run("%sql FROM flights")
    finally:
        found.close()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lgo flights", "Did you mean %datasets log NAME [REF] ["),
        ("log", "Usage: %datasets log NAME [REF]"),
        ("log 'flights", "Close the quote"),
        ("use flights", "'flights' is not NAME@REF"),
        ("log flights --tabel x", "Did you mean --table?"),
        ("log flights --table", "--table is given twice, or without a value"),
        ("branch flights v1.0 --rename x", "'v1.0' is no branch"),
        ("branch flights --protect", "Usage: %datasets branch"),
        ("branch flights main --protect --delete", "changes one thing"),
        ("tag flights v1.0 --protect", "--protect is no option of it"),
        ("sql maybe", "Usage: %datasets sql on|off"),
        ("merge flights fix --take their", "Did you mean 'theirs'?"),
        ("merge flights fix --abort", "--abort is no option of it"),
        ("merge flights --squash", "--squash is no option of it"),
        ("merge flights --continue", "No merge is in progress"),
        ("merge", "Usage: %datasets merge NAME SOURCE"),
        ("revert flights", "Usage: %datasets revert NAME COMMIT"),
    ],
)
def test_a_wrong_command_is_refused(shell: Shell, line: str, message: str) -> None:
    """It says how the command is used."""
    ended, written = shell.show(f"%datasets {line}")
    assert isinstance(ended.error_in_exec, DatasetsError)
    assert message in written


# --------------------------------------------------------------------------------------------------------------------
# Real kernels


@dataclass(kw_only=True)
class Outcome:
    """What a cell did in a kernel."""

    reply: dict[str, Any]
    stdout: str = ""
    stderr: str = ""
    shown: str = ""
    updates: list[str] = field(default_factory=list)
    payload: list[dict[str, Any]] = field(default_factory=list)


class Kernel:
    """A kernel whose store holds ``flights``."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self._client = client

    def run(self, cell: str, on_shown: Callable[[str], None] = lambda _: None) -> Outcome:
        outcome = Outcome(reply={})

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                setattr(outcome, content["name"], getattr(outcome, content["name"]) + content["text"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                outcome.shown += content["data"]["text/plain"]
                on_shown(outcome.shown)
            elif message["msg_type"] == "update_display_data":
                outcome.updates.append(content["data"]["text/plain"])

        reply = self._client.execute_interactive(cell, timeout=60, output_hook=take)
        outcome.reply, outcome.payload = reply["content"], reply["content"].get("payload", [])
        return outcome


@contextmanager
def started(store: Path) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(store.parent), env={**os.environ, "JUPYTER_DATASETS_STORE": str(store)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture(scope="module")
def kernel_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernel") / "store"
    with connect(folder) as made:
        fill(made)
    return folder


@pytest.fixture(scope="module")
def kernel(kernel_store: Path) -> Iterator[Kernel]:
    with started(kernel_store) as running:
        assert running.run("import warnings; warnings.simplefilter('error')").reply["status"] == "ok"
        assert running.run("%load_ext jupyter_datasets").stdout == ""
        yield running


def test_a_kernel_shows_a_result(kernel: Kernel) -> None:
    """The usual store is opened at first use; the rest of the rows can be had later."""
    assert "10 of more than 1,000 rows" in kernel.run("%%sql\nSELECT * FROM flights, range(5000)").shown
    assert kernel.run("len(_)").shown == "20000"


def test_ctrl_c_in_a_kernel(kernel: Kernel) -> None:
    """After two seconds progress shows; Ctrl-C stops the query at once, says so briefly, and the kernel goes on."""
    begun, interrupted = time.monotonic(), list[float]()

    def interrupt(_: str) -> None:
        if not interrupted:
            interrupted.append(time.monotonic())
            kernel.manager.interrupt_kernel()

    outcome = kernel.run(f"%%sql\n{FOREVER}", on_shown=interrupt)
    assert time.monotonic() - interrupted[0] < 3
    assert interrupted[0] - begun >= 2
    assert outcome.shown.startswith("Query: ")
    assert re.fullmatch(r"Query: [2-5]\.\d s", outcome.updates[-1])
    assert outcome.reply["ename"] == "StatementError"
    assert outcome.reply["traceback"] == ["StatementError: The statement was interrupted."]
    assert kernel.run("%sql SELECT 1 + 1 AS two").shown.startswith("two\n  2")


def test_an_import_is_one_line_that_ends_as_a_summary(kernel: Kernel, tmp_path: Path) -> None:
    """Nothing goes to standard error, which would stay; the line tells how it ended, whatever that was."""
    (tmp_path / "good.csv").write_text("n\n" + "1\n" * 1_000)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3\n")
    kernel.run("from jupyter_datasets import connect; repo = connect()")
    good = kernel.run(f"repo.import_file({str(tmp_path / 'good.csv')!r}).wait()")
    assert good.shown.startswith("Import good.csv into good.good: ")
    assert re.fullmatch(r"Import good.csv into good.good: 1,000 rows in \d+\.\d s", good.updates[-1])
    bad = kernel.run(f"repo.import_file({str(tmp_path / 'bad.csv')!r}).wait(); None")
    assert bad.updates[-1] == "Import bad.csv into bad.bad: failed"
    assert (good.stderr, bad.stderr) == ("", "")


def test_pin_replaces_the_cell(kernel: Kernel) -> None:
    """The reply asks the frontend to put the line in the cell's place."""
    payload = kernel.run("%datasets pin").payload
    assert payload[0]["source"] == "set_next_input"
    assert payload[0]["replace"]
    assert payload[0]["text"].startswith("%datasets use flights@")


def test_a_notebook_stops_at_an_error(kernel_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell whose statement fails stops the run, and shows no traceback of ours."""
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(kernel_store.with_name("nb")))
    cells = ["%load_ext jupyter_datasets", "%%sql\nFROM nowhere", "reached = True"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=60).execute()
    shown = "\n".join(notebook.cells[1].outputs[0].traceback)
    assert shown.startswith("StatementError: There is no dataset, DataFrame or Arrow table 'nowhere' (line 1")
    assert "Traceback" not in shown
    assert "outputs" not in notebook.cells[2] or not notebook.cells[2].outputs


OWNER = "type(get_ipython().run_line_magic('{}', 'SELECT 1')).__module__.partition('.')[0]"


def owner(kernel: Kernel, magic: str) -> str:
    """The package whose result a magic gives; JupySQL shows more before it."""
    return kernel.run(OWNER.format(magic)).shown.split("'")[-2]


def test_jupysql_loaded_first_keeps_sql(kernel_store: Path) -> None:
    """``%%sql`` stays JupySQL's, which is said with the way to switch; switching works both ways."""
    with started(kernel_store.with_name("second")) as kernel:
        kernel.run("%load_ext sql")
        kernel.run("%sql duckdb://")
        written = kernel.run("%load_ext jupyter_datasets").stdout
        assert "JupySQL" in written
        assert "%%dsql" in written
        assert "%datasets sql on" in written
        assert (owner(kernel, "sql"), owner(kernel, "dsql")) == ("sql", "jupyter_datasets")
        kernel.run("%datasets sql on")
        assert (owner(kernel, "sql"), owner(kernel, "jupysql")) == ("jupyter_datasets", "sql")
        kernel.run("%datasets sql off")
        assert owner(kernel, "sql") == "sql"


def test_jupysql_loaded_later_takes_sql(kernel_store: Path) -> None:
    """``%%dsql`` stays ours, and ``%datasets sql on`` takes ``%%sql`` back."""
    with started(kernel_store.with_name("third")) as kernel:
        assert kernel.run("%load_ext jupyter_datasets").stdout == ""
        assert owner(kernel, "sql") == "jupyter_datasets"
        kernel.run("%load_ext sql")
        kernel.run("%sql duckdb://")
        assert (owner(kernel, "sql"), owner(kernel, "dsql")) == ("sql", "jupyter_datasets")
        kernel.run("%datasets sql on")
        assert owner(kernel, "sql") == "jupyter_datasets"


def test_a_magic_interrupted_in_process(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt becomes a brief error of kind STATEMENT_INTERRUPTED."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Repository, "sql", interrupted)
    ended, _ = shell.show("%sql SELECT 1")
    assert isinstance(ended.error_in_exec, StatementError)
    assert ended.error_in_exec.kind is ErrorKind.STATEMENT_INTERRUPTED
