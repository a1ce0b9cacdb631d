"""How a command's arguments are read: argparse, with examples, the options that all commands share, and our errors."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from jupyter_datasets.cli.console import EXIT_CODES, Answer, Console, UsageError

_MOST_DIGITS = 18  # fits 64 bits

Run = Callable[[argparse.Namespace, Console], Answer]


class CommandParser(argparse.ArgumentParser):
    """The parser of one command."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "allow_abbrev": False,
            "formatter_class": argparse.RawDescriptionHelpFormatter,
        }
        super().__init__(**(defaults | options))
        add_common(self)

    def command(self, run: Run, *examples: str) -> None:
        """Say what the command does, and show how it is used."""
        self.set_defaults(run=run)
        shown = "\n".join(f"  jupyter datasets {example}" for example in examples)
        self.epilog = f"examples:\n{shown}\n\n{EXIT_CODES}"

    def read(self, arguments: Sequence[str], common: argparse.Namespace) -> argparse.Namespace:
        """The arguments as a namespace, with the options that stood before the command."""
        if self._subparsers is not None:
            return self.parse_args(arguments, common)
        return self.parse_intermixed_args(arguments, common)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", self.format_usage() + self._hint())

    def _hint(self) -> str:
        return f"{self.prog} --help says more."


def how_many(text: str) -> int:
    """A number of rows or commits, as an argument gives it."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before or after the command."""
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--store",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="the store; otherwise $JUPYTER_DATASETS_STORE, otherwise datasets in Jupyter's data folder",
    )
    group.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="the result, or the error, as JSON"
    )
