"""``%%sql``, ``%%dsql`` and ``%datasets``."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, needs_local_scope, no_var_expand

from jupyter_datasets.client.result import Result
from jupyter_datasets.client.sql import changes_data
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.notebook import commands, provenance, session
from jupyter_datasets.notebook.arguments import USAGE, Arguments, Form, parse_line
from jupyter_datasets.notebook.errors import brief

_CONVERSIONS: Mapping[Form, Callable[[Result], Any]] = MappingProxyType(
    {
        "pandas": Result.to_pandas,
        "polars": Result.to_polars,
        "arrow": Result.to_arrow,
        "relation": Result.relation,
    }
)
_OWNERS = MappingProxyType({"sql": "JupySQL or ipython-sql"})  # the package that both install


@magics_class
class DatasetsMagics(Magics):
    """The magics of one shell."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._used: dict[str, None] = {}
        self._others: dict[str, Callable[..., Any]] = {}

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    @brief
    def dsql(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Query datasets at any version, together with DataFrames, or change one by INSERT, UPDATE, DELETE or MERGE.

        %%dsql [--into NAME | NAME <<] [--as pandas|polars|arrow|relation] [--at REF] [--limit N]
        %%dsql [--branch B] [--message M]
        """
        arguments = parse_line(line)
        statement = "\n".join(filter(None, [arguments.statement, cell]))
        if not statement.strip():
            raise InvalidInputError("There is no statement.", next_step=f"Usage: {USAGE}, then the statement.")
        variables = ChainMap(dict(local_ns or {}), self.shell.user_ns)
        changes = changes_data(statement)
        arguments.check_fits(changes=changes)
        if changes:
            return session.current().execute(
                statement,
                params=variables,
                tables=variables,
                branch=arguments.branch,
                message=arguments.message or "",
            )
        result = session.current().sql(
            statement, params=variables, tables=variables, at=arguments.at, limit=arguments.limit
        )
        self._used |= dict.fromkeys(source.dataset for source in result.sources)
        return self._deliver(result, arguments)

    @no_var_expand
    @line_magic
    @brief
    def datasets(self, line: str) -> Any:
        """List datasets, and look after the versions that this notebook uses.

        %datasets [log | diff | branch | tag | use | pin | connect | sql] ...
        """
        command, words = commands.split(line)
        if command == "pin":
            commands.check_count(command, words, 0, 0)
            return self._pin()
        if command == "sql":
            commands.check_count(command, words, 1, 1)
            return self._switch(words[0])
        return commands.COMMANDS[command](words)

    def take_sql(self) -> None:
        """Make ``%%sql`` ours, unless somebody else has it; then say who, and how to switch."""
        owner = self._owner()
        if owner is None:
            self._register_sql()
        else:
            self._say(f"%%sql belongs to {owner}: use %%dsql, or take it over with %datasets sql on")

    def _deliver(self, result: Result, arguments: Arguments) -> Any:
        value: Any = result
        if arguments.form is not None:
            value = _CONVERSIONS[arguments.form](result)
        else:
            result.head()  # an error must fail the cell, which it would not while the result is shown
        if arguments.into is None:
            return value
        self.shell.user_ns[arguments.into] = value
        self._say(f"{arguments.into}: {result.summary()}")
        return None

    def _pin(self) -> None:
        pinned = commands.pins(self._used)
        if not pinned:
            raise InvalidInputError("No dataset has a version yet, so there is nothing to pin.")
        line = commands.use_line(pinned)
        self._say(line)
        commands.use(pinned)
        self.shell.set_next_input(line, replace=True)

    def _switch(self, word: str) -> None:
        if word not in ("on", "off"):
            raise InvalidInputError(f"%datasets sql {word} means nothing.", next_step="Usage: %datasets sql on|off")
        if word == "on":
            self._others |= {kind: magic for kind, magic in self._present().items() if not self._is_ours(magic)}
            self._register_sql()
        else:
            for kind, magic in self._present().items():
                if self._is_ours(magic):
                    del self._registered[kind]["sql"]
            for kind, magic in self._others.items():
                self._registered[kind]["sql"] = magic

    def _register_sql(self) -> None:
        for magics in self._registered.values():
            magics["sql"] = magics["dsql"]

    def _present(self) -> dict[str, Callable[..., Any]]:
        return {kind: magics["sql"] for kind, magics in self._registered.items() if "sql" in magics}

    @property
    def _registered(self) -> dict[str, dict[str, Callable[..., Any]]]:
        """The magics of the shell by kind, ``line`` or ``cell``, and name."""
        registered: dict[str, dict[str, Callable[..., Any]]] = self.shell.magics_manager.magics
        return {kind: registered[kind] for kind in ("line", "cell")}

    def _owner(self) -> str | None:
        """Whom ``sql`` belongs to, if not to us."""
        others = [magic for magic in self._present().values() if not self._is_ours(magic)]
        if not others:
            return None
        package = _module(others[0]).partition(".")[0]
        return _OWNERS.get(package, package)

    def _is_ours(self, magic: Callable[..., Any]) -> bool:
        return _module(magic) == __name__

    def _say(self, text: str) -> None:
        print(text)  # noqa: T201  # for the reader of the notebook


def _module(magic: Callable[..., Any]) -> str:
    return str(getattr(getattr(magic, "__self__", None), "__module__", None) or magic.__module__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext jupyter_datasets`` does: ``%%dsql`` and ``%datasets``, and ``%%sql`` when nobody has it."""
    magics = DatasetsMagics(shell)
    shell.register_magics(magics)
    magics.take_sql()
    provenance.install(shell)
