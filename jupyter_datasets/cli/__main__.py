"""``jupyter datasets``: find the command, run it, and turn whatever happens into output and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from jupyter_datasets.catalog.layout import program_version
from jupyter_datasets.cli.console import EXIT_CODES, Console, Exit, OutputError, UsageError
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.errors import DatasetsError, JobCancelledError
from jupyter_datasets.values import nearest

PROGRAM = "jupyter datasets"

# Command: the module that has it, and what it does. A module is imported when one of its commands is used.
GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "start": {
            "quickstart": ("quickstart", "try it out: real data, versions, a notebook"),
            "doctor": ("doctor", "check the programs, the store and all that is in it"),
        },
        "datasets": {
            "create": ("datasets", "make an empty dataset"),
            "ls": ("datasets", "list datasets"),
            "show": ("datasets", "show a dataset or a table at any version"),
            "rename": ("datasets", "call a dataset otherwise"),
            "delete": ("datasets", "move a dataset into the bin"),
            "restore": ("datasets", "take a dataset out of the bin, or list the bin"),
        },
        "data": {
            "import": ("importing", "import a CSV or Parquet file as a table's next version"),
            "export": ("exporting", "write a table of any version as CSV or Parquet"),
            "edit": ("edit", "drop or rename tables, attach or detach files, change columns and rules of a table"),
            "schema": ("schema", "show columns and rules of tables at any version"),
            "sql": ("sql", "query any versions of any datasets"),
        },
        "versions": {
            "log": ("history", "list the commits that led to a version, or some of them"),
            "diff": ("diff", "show what differs between two versions"),
            "lineage": ("lineage", "show what a version was made from, and what was made from it"),
            "branch": ("history", "list, make, rename, protect or delete branches"),
            "tag": ("history", "list, make, rename or delete tags"),
            "checkout": ("checkout", "write a version's tables and files into a folder"),
            "merge": ("merging", "bring a branch, or any version, into a branch"),
            "revert": ("merging", "take back on a branch what a commit changed"),
            "cherry-pick": ("merging", "do on a branch what a commit changed elsewhere"),
            "compact": ("merging", "work small changes of tables into their segments"),
            "undo": ("history", "take back the last move of a branch or tag"),
            "redo": ("history", "play again what undo took back"),
        },
        "work": {
            "jobs": ("jobs", "list, show or cancel jobs"),
        },
        "housekeeping": {
            "fsck": ("housekeeping", "read all that versions need again; mend what can be mended"),
            "gc": ("housekeeping", "free the space of what no version needs"),
            "backup": ("housekeeping", "copy the store while it is in use, or make a store of a copy"),
            "rebuild": ("housekeeping", "make a lost catalog anew"),
        },
    }
)
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        The exit code, see :class:`jupyter_datasets.cli.console.Exit`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_closed_streams()
    console = Console("--json" in arguments)
    try:
        code = _guarded(arguments, console)
        console.flush()
    except BrokenPipeError:
        _drop_output()
        return Exit.PIPE_CLOSED
    except OutputError as error:
        _drop_output()
        return console.give_up(error)
    return code


def _drop_output() -> None:
    """Leave nothing that the interpreter would flush at its end, which would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """A stream that the caller closed is None; everything else expects a file."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115  # it stays open to the end
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # likewise
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # likewise


def _guarded(arguments: Sequence[str], console: Console) -> int:
    try:
        return _run(arguments, console)
    except UsageError as error:
        return console.usage(error)
    except SystemExit as stop:  # argparse, after --help and --version
        return int(stop.code or 0)
    except (BrokenPipeError, OutputError):
        raise
    except JobCancelledError as error:
        return console.error(error)
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, KeyboardInterrupt) or _was_interrupted(error):
            console.error(JobCancelledError("Interrupted."))
            return Exit.INTERRUPTED
        return console.error(error) if isinstance(error, DatasetsError) else console.unexpected(error)


_INTERRUPTED = ("Query interrupted", "KeyboardInterrupt")


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: DuckDB and Arrow tell of it in words of their own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt) or any(words in str(error) for words in _INTERRUPTED):
            return True
        error = error.__cause__ or error.__context__
    return False


def _run(arguments: Sequence[str], console: Console) -> int:
    top = _top_parser()
    common = top.parse_args(arguments)
    if common.command is None:
        top.print_help()
        return Exit.DONE
    args = command_parser(common.command, top).read(common.rest, common)
    args.store = getattr(args, "store", None)
    return console.answer(args.run(args, console))


def command_parser(name: str, top: CommandParser | None = None) -> CommandParser:
    """The parser of one command."""
    if name not in COMMANDS:
        usage = (top or _top_parser()).format_usage()
        hints = nearest(name, COMMANDS)
        meant = f"Did you mean {hints[0]!r}?" if hints else f"The commands are {', '.join(COMMANDS)}."
        raise UsageError(f"There is no command {name!r}. {meant}", usage)
    module, about = COMMANDS[name]
    define = importlib.import_module(f"jupyter_datasets.cli.{module}").DEFINE[name]
    parser = CommandParser(prog=f"{PROGRAM} {name}", description=f"{about[:1].upper()}{about[1:]}.")
    define(parser)
    return parser


def _top_parser() -> CommandParser:
    parser = CommandParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [--store FOLDER] [--json] COMMAND ...",
        description="Git for the data in your notebooks: branch, compare, and query every version of a dataset.",
        epilog=f"{_overview()}\n\n{PROGRAM} COMMAND --help shows examples.\n\n{EXIT_CODES}",
    )
    parser.add_argument("--version", action="version", version=program_version())
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _overview() -> str:
    lines = []
    for title, group in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:<11} {about}" for name, (_, about) in group.items())]
    return "\n".join(lines[1:])


if __name__ == "__main__":
    sys.exit(main())
