"""What all actions of ``edit`` share: a dataset, a branch, a message, and one commit."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store, split_target
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client.edit import Edit

Change = Callable[[Edit, argparse.Namespace], str]


class ActionParser(CommandParser):
    """The parser of one action; where that is ``on_table``, DATASET.TABLE may stand for two arguments in front."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read the arguments, a table behind a period as one of its own."""
        if args and self.get_default("on_table") and not args[0].startswith("-"):
            args = [*filter(None, split_target(args[0])), *args[1:]]
        return super().parse_known_args(args, namespace)


def action(
    actions: argparse._SubParsersAction[CommandParser], name: str, about: str, change: Change, example: str
) -> CommandParser:
    """An action that makes one commit; ``change`` says in a sentence what it did."""
    parser = actions.add_parser(name, help=about, description=f"{about[:1].upper()}{about[1:]}.")
    parser.add_argument("dataset")
    parser.add_argument("--branch", help="takes the commit; by default main")
    parser.add_argument("-m", "--message", default="", help="what the commit says")
    parser.command(run, example)
    parser.set_defaults(change=change)
    return parser


def run(args: argparse.Namespace, _: Console) -> Answer:
    """Make the change that the arguments name, and commit it."""
    with open_store(args) as repo:
        with repo[args.dataset].edit(args.branch, message=args.message) as edit:
            done = args.change(edit, args)
        commit = edit.commit
        return Answer(
            data={"commit": commit.model_dump(mode="json") if commit else None},
            text=f"{done} Commit {commit.short}." if commit else "Nothing changed.",
        )
