"""A commit that a cell of a real kernel makes knows the notebook, the cell, its code, and what it read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_datasets.client.connect import connect
from jupyter_datasets.services.versions.provenance import Provenance


class Notebook:
    """Sends cells to a kernel as JupyterLab does, with their ids."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, code: str, cell: str | None = None) -> None:
        """Run a cell to its end; an error fails the test."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        metadata = {} if cell is None else {"cellId": cell}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        while (reply := self._client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != message["msg_id"]:
            pass
        assert reply["content"]["status"] == "ok", reply["content"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the Jupyter server that starts the kernel serves, as its note tells."""
    folder = tmp_path / "home"
    (folder / "work").mkdir(parents=True)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    note = {"url": "http://127.0.0.1:9/", "token": "", "root_dir": str(folder)}
    (runtime / f"jpserver-{os.getpid()}.json").write_text(json.dumps(note))
    return folder


@pytest.fixture
def notebook(store: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    env = {
        **os.environ,
        "JUPYTER_DATASETS_STORE": str(store),
        "JUPYTER_RUNTIME_DIR": str(root.parent / "runtime"),
        "JPY_PARENT_PID": str(os.getpid()),
        "JPY_SESSION_NAME": str(root / "work" / "flights.ipynb"),
    }
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", env["JUPYTER_RUNTIME_DIR"])
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(root / "work"), env=env)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Notebook(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def told(store: Path, dataset: str, ref: str = "main") -> Provenance:
    with connect(store) as repo:
        found = repo[dataset].provenance(ref)
    assert found is not None
    return found


def code_of(cell: str) -> str:
    return hashlib.sha256(cell.encode()).hexdigest()


def test_a_cell_is_known_by_its_commits(notebook: Notebook, store: Path) -> None:
    """From the first cell on, which imports the package, and without any magic; a cell's reads are its own."""
    first = """
import jupyter_datasets as jd
repo = jd.connect(JD)
a, b = repo.create("a"), repo.create("b")
with a.edit() as edit:
    edit["a"].append({"n": [1, 2, 3]})
""".replace("JD", repr(str(store)))
    second = 'rows = repo.sql("SELECT n FROM a")\nother = a["main"]["a"].to_arrow()'
    third = 'with b.edit() as edit:\n    edit["b"].append({"n": [1]})'
    fourth = 'with b.edit() as edit:\n    edit["b"].append(rows)'
    fifth = "%load_ext jupyter_datasets\nfrom jupyter_datasets.notebook import use\nuse(repo)"
    sixth = "%%sql\nINSERT INTO b SELECT n FROM a"
    for number, cell in enumerate([first, second, third, fourth, fifth, sixth], 1):
        notebook.run(cell, cell=f"cell-{number}")
    notebook.run('with b.edit() as edit:\n    edit["b"].append({"n": [1]})')  # by who sends no ids
    notebook.run("repo.close()")
    made = told(store, "a")
    assert (made.kind, made.notebook, made.cell, made.execution) == ("notebook", "work/flights.ipynb", "cell-1", 1)
    assert (made.code, made.inputs) == (code_of(first), ())
    assert made.kernel is not None
    assert made.kernel.startswith("ipython ")
    assert made.packages["ipykernel"]
    lines: list[Any] = [told(store, "b", f"#{number}") for number in (1, 2, 3, 4)]
    assert [line.cell for line in lines] == ["cell-3", "cell-4", "cell-6", None]
    assert [line.code for line in lines[:3]] == [code_of(third), code_of(fourth), code_of(sixth)]
    assert [[read.name for read in line.inputs] for line in lines] == [[], ["a"], ["a"], []]
    assert str(lines[0]) == "work/flights.ipynb, cell cell-3"
