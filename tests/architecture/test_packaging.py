"""What is declared, installed and promised about installing."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest

OURS = "jupyter_datasets"
TESTS_COMMAND = 'pip install ".[test]" && pytest && pytest -n 0 -m screen'


def _imported(tree: ast.AST) -> Iterator[str]:
    """Top names of all imports, but those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        else:
            yield from _imported(node)


def _needed(root: Path) -> set[str]:
    """Distributions that the package imports, ourselves excepted."""
    modules = {name for file in (root / OURS).rglob("*.py") for name in _imported(ast.parse(file.read_bytes()))}
    foreign = modules - sys.stdlib_module_names - {OURS}
    providers = packages_distributions()
    return {_canonical(provider) for module in foreign for provider in providers[module]}


def _declared(requirements: list[str]) -> set[str]:
    return {_canonical(match[0]) for text in requirements if (match := re.match(r"[\w.-]+", text))}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared(root: Path, pyproject: dict[str, Any]) -> None:
    """The package imports no distribution but those that it or an extra for users asks for."""
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    declared = _declared(project["dependencies"] + extras["lab"] + extras["postgres"])
    assert _needed(root) - declared == set()


def test_what_is_asked_of_everybody_is_imported(root: Path, pyproject: dict[str, Any]) -> None:
    """No base dependency is there for nothing."""
    assert _declared(pyproject["project"]["dependencies"]) - _needed(root) == set()


def test_the_base_stays_light(pyproject: dict[str, Any]) -> None:
    """Scripts and kernels install neither JupyterLab nor a server nor a DataFrame library."""
    heavy = {"jupyterlab", "jupyter-server", "ipykernel", "ipython", "ipywidgets", "pandas", "polars"}
    assert _declared(pyproject["project"]["dependencies"]) & heavy == set()


@pytest.fixture
def installed() -> Distribution:
    """The installed package; skipped where it is not installed as users have it."""
    try:
        found = distribution(OURS)
    except PackageNotFoundError:
        pytest.skip("the package is not installed")
    if "editable" in (found.read_text("direct_url.json") or ""):
        pytest.skip("the package is installed as editable")
    return found


def test_the_wheel_holds_every_file(installed: Distribution, root: Path) -> None:
    """Nothing of the package's folder is left behind, be it code, migrations, types or data."""
    sources = {path.relative_to(root).as_posix() for path in (root / OURS).rglob("*") if path.is_file()}
    carried = {str(path) for path in installed.files or ()}
    left_out = re.compile(rf"{OURS}/labextension/|.*__pycache__")
    assert {name for name in sources if not left_out.match(name)} - carried == set()


def test_installing_enables_the_extensions(installed: Distribution) -> None:
    """JupyterLab's half, how to uninstall it, and the server's switch lie where Jupyter looks."""
    carried = [str(path) for path in installed.files or ()]
    lab = "share/jupyter/labextensions/jupyter-datasets"
    for wanted in (f"{lab}/package.json", f"{lab}/install.json", "jupyter_server_config.d/jupyter_datasets.json"):
        assert [path for path in carried if path.endswith(wanted)], wanted


def test_the_documented_test_command_is_the_one_of_ci(root: Path) -> None:
    """README.md and .ci/run name the same command, and .ci/run can be started."""
    script = root / ".ci" / "run"
    assert TESTS_COMMAND in (root / "README.md").read_text("utf-8").splitlines()
    assert TESTS_COMMAND in script.read_text("utf-8").splitlines()
    assert os.access(script, os.X_OK)
