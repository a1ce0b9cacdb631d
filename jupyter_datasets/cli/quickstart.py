"""The command ``quickstart``: a store with real data and a few versions, and the notebook that tells the story."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_datasets.cli import rows
from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.cli.progress import showing_progress
from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.client.tutorial import DATASET, import_flights, tutorial_files
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.store.backends import translated_io
from jupyter_datasets.values import MAIN

DEFAULT_FOLDER = "jupyter-datasets-quickstart"
NOTEBOOK = "quickstart.ipynb"
TAG, BRANCH = "v1.0", "fix"
MESSAGE = "JetBlue: blank out unlikely departures"
FIX = f"""\
SELECT * REPLACE (if(carrier = 'B6' AND dep_delay < -20, NULL, dep_delay) AS dep_delay)
FROM flights AT (VERSION => '{BRANCH}')"""
QUERY = f"""\
SELECT '{TAG}' AS version, min(dep_delay) AS earliest,
       round(avg(dep_delay), 4) AS average, count(dep_delay) AS known
FROM flights AT (VERSION => '{TAG}') WHERE carrier = 'B6'
UNION ALL
SELECT '{BRANCH}', min(dep_delay), round(avg(dep_delay), 4), count(dep_delay)
FROM flights AT (VERSION => '{BRANCH}') WHERE carrier = 'B6'"""
_SHOWN_COLUMNS = ("change_type", "month", "day", "carrier", "flight", "origin", "dest", "dep_delay")


def define_quickstart(parser: CommandParser) -> None:
    """Arguments of ``quickstart``."""
    parser.description = (
        "Make a store with the flights that left New York in 2013, change some rows on a branch, compare, query two "
        "versions, and put the tutorial notebook beside it. Run again, it keeps what is there."
    )
    parser.add_argument("folder", nargs="?", help=f"where to put it; asked for on a terminal, else {DEFAULT_FOLDER}")
    parser.command(_quickstart, "quickstart", "quickstart ~/flights")


@dataclass(kw_only=True, slots=True)
class _Steps:
    """Says what is done, and remembers it."""

    console: Console
    made: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)

    def note(self, what: str, exists: bool) -> None:
        (self.existing if exists else self.made).append(what)
        self.console.say(f"  {what}: " + ("exists already" if exists else "making it"))


def _quickstart(args: argparse.Namespace, console: Console) -> Answer:
    tutorial_files()
    folder = Path(args.folder or _ask_folder(console)).expanduser().absolute()
    store = Path(args.store).expanduser().absolute() if args.store else folder / "store"
    notebook, steps = folder / NOTEBOOK, _Steps(console=console)
    console.say(f"A store of datasets in {store}")
    with showing_progress(), connect(store) as repo:
        flights = import_flights(repo, lambda table, exists: steps.note(f"table {table}", exists))
        _make_versions(repo, flights, steps)
        steps.note(f"notebook {NOTEBOOK}", notebook.exists())
        _copy_notebook(notebook)
        found = _tell(repo, flights, console)
    command = f"JUPYTER_DATASETS_STORE={shlex.quote(str(store))} jupyter lab {shlex.quote(str(notebook))}"
    data = {"store": str(store), "notebook": str(notebook), "made": steps.made, "existing": steps.existing}
    return Answer(data=data | found | {"command": command}, text=f"\nGo on in JupyterLab:\n{command}")


def _ask_folder(console: Console) -> str:
    if console.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return DEFAULT_FOLDER
    try:
        return input(f"Folder for the tutorial [{DEFAULT_FOLDER}]: ").strip() or DEFAULT_FOLDER
    except EOFError:
        return DEFAULT_FOLDER


def _make_versions(repo: Repository, flights: Dataset, steps: _Steps) -> None:
    refs = {ref.name for ref in flights.refs()}
    steps.note(f"tag {TAG}", TAG in refs)
    if TAG not in refs:
        flights.tag(TAG, MAIN)
    steps.note(f"branch {BRANCH}", BRANCH in refs)
    if BRANCH not in refs:
        flights.branch(BRANCH, TAG)
    fixed = flights[BRANCH].commit.id != flights[TAG].commit.id
    steps.note(f"commit on {BRANCH}", fixed)
    if not fixed:
        with flights.edit(BRANCH, message=MESSAGE) as edit:
            edit[DATASET].replace(repo.sql(FIX))


def _copy_notebook(target: Path) -> None:
    if target.exists():
        return
    with translated_io(f"writing {target}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook_source(), target)


def notebook_source() -> Path:
    """The tutorial notebook: in an installed package inside it, in a checkout of the sources beside it."""
    package = Path(__file__).parents[1]
    for candidate in (package / NOTEBOOK, package.parent / "notebooks" / NOTEBOOK):
        if candidate.exists():
            return candidate
    raise NotFoundError(
        f"This installation lacks the file {NOTEBOOK}.",
        kind=ErrorKind.FILE_NOT_FOUND,
        next_step='Install it again: pip install --force-reinstall "jupyter_datasets[lab]"',
    )


def _tell(repo: Repository, flights: Dataset, console: Console) -> dict[str, object]:
    """Show log, difference and one query on two versions; the same as JSON."""
    diff, answer = flights.diff(MAIN, BRANCH), repo.sql(QUERY)
    console.say(f"\nThe log of branch {BRANCH}:\n{flights.log(BRANCH)!r}")
    console.say(f"\nWhat differs between main and {BRANCH}:\n{diff!r}")
    if DATASET in diff:
        changed = diff[DATASET].rows().select(_SHOWN_COLUMNS).sort_by([("month", "ascending"), ("day", "ascending")])
        console.say(
            f"\nThe first of the changed rows, before (delete) and after (insert):\n{rows.as_text(changed[:6])}"
        )
    console.say(f"\nOne query, two versions:\n{QUERY}\n\n{answer!r}")
    return {"diff": rows.as_json(diff.summary()), "query": rows.as_json(answer.to_arrow())}


DEFINE = {"quickstart": define_quickstart}
