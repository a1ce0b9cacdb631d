"""Who imports whom, and what comes with an import."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import jupyter_datasets

Run = Callable[..., CompletedProcess[str]]

LOADED_BY_MENU = """
import json, sys, time
before = set(sys.modules)
started = time.perf_counter()
import jupyter_datasets
seconds = time.perf_counter() - started
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
json.dump({"seconds": seconds, "foreign": sorted(tops - sys.stdlib_module_names - {"jupyter_datasets"})}, sys.stdout)
"""
VIOLATIONS = {
    "a layer that imports a higher one": ("layers", "store/planted.py", "import jupyter_datasets.services"),
    "a layer that imports a stranger": ("layers", "store/planted.py", "import jupyter_datasets.catalog"),
    "a package that no layer names": ("layers", "planted/__init__.py", ""),
    "a feature that imports a higher one": ("features", "services/jobs/planted.py", "from ..versions import models"),
    "Tornado below the server": ("tornado", "client/planted.py", "import tornado.web"),
    "IPython below the notebook": ("ipython", "client/planted.py", "def show():\n    from IPython import display"),
    "a model that reaches SQLAlchemy": (
        "pure",
        "services/planted/models.py",
        "import sqlalchemy.exc",
    ),
    "a task that reaches the catalog": ("pure", "services/planted/tasks.py", "from jupyter_datasets import connect"),
    "tables outside records.py": ("tables", "services/jobs/planted.py", "from jupyter_datasets.catalog import tables"),
}


def test_import_contracts_hold(run: Run) -> None:
    """Every import follows the contracts of pyproject.toml."""
    ended = run("lint-imports", "--no-cache", "--no-logo")
    if ended.returncode:
        pytest.fail(ended.stdout, pytrace=False)


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_contracts_catch(violation: str, run: Run, root: Path, tmp_path: Path) -> None:
    """A planted violation breaks the contract that forbids it."""
    contract, file, line = VIOLATIONS[violation]
    planted = _copy(root, tmp_path) / file
    _plant(planted, line)
    ended = run("lint-imports", "--no-cache", "--no-logo", "--contract", contract, cwd=tmp_path)
    assert ended.returncode == 1
    assert "planted" in ended.stdout


def _copy(root: Path, target: Path) -> Path:
    shutil.copy(root / "pyproject.toml", target)
    return shutil.copytree(
        root / "jupyter_datasets", target / "jupyter_datasets", ignore=shutil.ignore_patterns("__pycache__")
    )


def _plant(file: Path, line: str) -> None:
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(line)


def test_importing_the_menu_is_quick_and_loads_only_ourselves(run: Run) -> None:
    """``import jupyter_datasets`` takes under 100 ms and brings nothing but the standard library."""
    loads = [json.loads(run("python", "-c", LOADED_BY_MENU).stdout) for _ in range(3)]
    assert loads[0]["foreign"] == []
    assert min(load["seconds"] for load in loads) < 0.1


@pytest.mark.parametrize("name", jupyter_datasets.__all__)
def test_every_name_of_the_menu_is_there(name: str) -> None:
    """Whatever the menu offers can be had, lazily loaded or not."""
    assert getattr(jupyter_datasets, name)
    assert name in dir(jupyter_datasets)


def test_a_wrong_name_is_an_attribute_error() -> None:
    """A name that the menu does not have is refused as by any module."""
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        _ = jupyter_datasets.conect
