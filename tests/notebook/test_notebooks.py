"""Every notebook in ``notebooks/`` runs from top to bottom, beginning with an empty store."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# What the kernel's own code warns of is none of our business; what our cells and our code do is.
_STRICT = r"import warnings; warnings.filterwarnings('error', module=r'(__main__|jupyter_datasets)(\.|$)')"


def execute(notebook: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """Run a copy of a notebook beside its store; a cell that fails, or warns, raises with its traceback."""
    store.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(store))
    content = nbformat.read(notebook, as_version=4)
    content.cells.insert(0, nbformat.v4.new_code_cell(_STRICT))
    NotebookClient(content, timeout=240, resources={"metadata": {"path": str(store.parent)}}).execute()
    return content


def errors_shown(content: nbformat.NotebookNode) -> list[str]:
    """What cells wrote to standard error."""
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    return [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]


def test_there_are_notebooks() -> None:
    """The folder holds the tutorial that quickstart copies."""
    assert FOLDER / "quickstart.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_an_empty_store(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell fails, warns or writes to standard error; it can be run again over what it left."""
    for _ in range(2):
        assert errors_shown(execute(notebook, tmp_path / "store", monkeypatch)) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(notebook: Path) -> None:
    """Outputs and execution counts stay out of the repository."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
