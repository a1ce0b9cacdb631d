"""What the names of a statement mean: datasets at a commit, Python variables, or things that DuckDB knows itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jupyter_datasets.client.plans import Plans
from jupyter_datasets.client.result import Source
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.engine.keywords import is_keyword, needs_quotes
from jupyter_datasets.engine.relations import Scan
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.statements import Statement
from jupyter_datasets.engine.table_names import At, TableName
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError, StatementError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions.provenance import InputVersion
from jupyter_datasets.services.versions.sides import Sides
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.values import MAIN, CommitId, DatasetId, Ref, name_key, nearest

_LOCAL = "py"
_OWN = "me/"
_LOOKED_THROUGH = 50  # datasets whose tables are offered when a name is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A table in a Python variable."""

    name: str
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A table of a dataset at a commit, or as an edit has it: then there is no source.

    Attributes
    ----------
    numbered
        Give each row's place in the table as well.
    inputs
        The version that is read, for the provenance of what is made from it.
    """

    source: Source | None
    scan: Scan
    numbered: bool = False
    inputs: tuple[InputVersion, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """How a table differs between two commits, the older one first."""

    sources: tuple[Source, Source]
    sides: Sides
    inputs: tuple[InputVersion, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """A table of a dataset before its references are resolved: one, or two between which it changed.

    ``table`` is None for the default one.
    """

    dataset: Dataset
    table: str | None
    refs: tuple[str, ...]
    name: TableName


Meaning = Variable | Stored | Changed


class Names:
    """Finds what the names of one statement mean.

    Parameters
    ----------
    transport
        Where the datasets are.
    plans
        How to read their tables.
    statement
        Whose names they are.
    checkouts
        What a bare dataset means, where that is not ``main``.
    at
        What it means in this statement.
    variables
        Tables in Python variables by name.
    value_of
        Gives the value of a ``$parameter``.
    is_builtin
        Whether DuckDB has a view of that name.
    own
        What a name means before anything else, or None.
    """

    def __init__(
        self,
        transport: Transport,
        plans: Plans,
        statement: Statement,
        *,
        checkouts: Mapping[DatasetId, str],
        at: str | None,
        variables: Mapping[str, Any],
        value_of: Callable[[str], Any],
        is_builtin: Callable[[str], bool],
        own: Callable[[TableName], Stored | None],
    ) -> None:
        self._transport = transport
        self._plans = plans
        self._statement = statement
        self._checkouts = checkouts
        self._at = at
        self._variables = variables
        self._value_of = value_of
        self._is_builtin = is_builtin
        self._own = own
        self._datasets: dict[str, Dataset | None] = {}

    def resolve(self) -> dict[TableName, Meaning]:
        """What each table of the statement means; those that DuckDB is to find itself are left out.

        Every reference is resolved once. References of several datasets are those of one moment.

        Raises
        ------
        StatementError
            A name or reference is unknown or has two meanings; the place is pointed out and the nearest are offered.
        """
        found: dict[TableName, Meaning] = {}
        wanted: list[_Wanted] = []
        for name in self._statement.tables:
            meaning = None if name.is_literal or name.is_system else self._meaning(name)
            if isinstance(meaning, _Wanted):
                wanted.append(meaning)
            elif meaning is not None:
                found[name] = meaning
        commits = self._snapshot(wanted)
        for want in wanted:
            of_this = [commits[want.dataset.id, ref] for ref in want.refs]
            found[want.name] = self._found(want, of_this)
        return found

    # ------------------------------------------------------------------------------------------------------ meanings

    def _meaning(self, name: TableName) -> Variable | Stored | _Wanted | None:
        if name.between:
            return self._changes(name, *name.between)
        if own := self._own(name):
            return own
        first, rest = name.path[0], name.path[1:]
        if name_key(first) == _LOCAL and len(rest) == 1:
            return self._variable(name, rest[0])
        if len(rest) > 1:
            raise self._error("A table is written dataset.table", name)
        dataset = self._dataset(name)
        is_variable = not rest and first in self._variables
        if dataset is not None and is_variable:
            raise self._two_meanings(name)
        if is_variable:
            return self._variable(name, first)
        if dataset is None:
            self._check_known_to_duckdb(name)
            return None
        return self._wanted(dataset, name, name.at)

    def _changes(self, name: TableName, *between: At | None) -> _Wanted:
        dataset = self._dataset(name)
        if dataset is None:
            raise self._error(f"There is no dataset {name.path[0]!r}", name, suggestions=self._near_datasets(name))
        return self._wanted(dataset, name, *between)

    def _wanted(self, dataset: Dataset, name: TableName, *versions: At | None) -> _Wanted:
        refs = tuple(self._ref(dataset, version) for version in versions)
        return _Wanted(dataset=dataset, table=name.path[1] if len(name.path) > 1 else None, refs=refs, name=name)

    def _variable(self, name: TableName, variable: str) -> Variable:
        if variable not in self._variables:
            hints = nearest(variable, self._variables)
            raise self._error(f"There is no DataFrame or Arrow table {variable!r}", name, suggestions=hints)
        if name.at is not None:
            raise self._error(f"{variable!r} is a Python variable and has no versions", name, kind=_REFUSED)
        return Variable(name=variable, value=self._variables[variable])

    def _dataset(self, name: TableName) -> Dataset | None:
        text = name.path[0]
        if text not in self._datasets:
            with_me = text[: len(_OWN)].lower() == _OWN
            try:
                self._datasets[text] = self._transport.get_dataset(text[len(_OWN) :] if with_me else text)
            except NotFoundError:
                self._datasets[text] = None
            except InvalidInputError as error:
                raise self._pointed(error, name) from error
        return self._datasets[text]

    def _check_known_to_duckdb(self, name: TableName) -> None:
        text = name.path[-1]
        if len(name.path) > 1:
            raise self._error(f"There is no dataset {name.path[0]!r}", name, suggestions=self._near_datasets(name))
        if name.at is not None or not ("." in text or self._is_builtin(text)):
            what = f"There is no dataset, DataFrame or Arrow table {text!r}"
            raise self._error(what, name, suggestions=self._near_tables(text))

    def _near_datasets(self, name: TableName) -> list[str]:
        known = [dataset.name for dataset in self._offered_datasets()]
        return [_spelt(near, *name.path[1:]) for near in nearest(name.path[0], known)]

    def _near_tables(self, word: str) -> list[str]:
        """What may have been meant by a name alone: first tables that are called so in some dataset."""
        datasets = self._offered_datasets()
        single = {_spelt(known): known for known in [*self._variables, *(d.name for d in datasets)]}
        tables = {
            _spelt(d.name, table): table
            for d in datasets
            for table in self._plans.table_names(d, self._current(d))
            if table != d.default_table
        }
        exact = [spelt for spelt, table in tables.items() if name_key(table) == name_key(word)]
        near = nearest(word, [*single.values(), *tables.values()])
        others = [spelt for hint in near for spelt, known in {**single, **tables}.items() if known == hint]
        return list(dict.fromkeys([*exact, *others]))[:3]

    def _offered_datasets(self) -> list[Dataset]:
        return list(self._transport.list_datasets().items[:_LOOKED_THROUGH])

    # ---------------------------------------------------------------------------------------------------- references

    def _ref(self, dataset: Dataset, at: At | None) -> str:
        if at is None:
            return self._at or self._current(dataset)
        value = at.value if at.parameter is None else self._value_of(at.parameter)
        if at.unit == "version":
            return str(value)
        moment = value.isoformat() if isinstance(value, date) else str(value)
        return f"{self._branch(dataset)}@{{{moment}}}"

    def _current(self, dataset: Dataset) -> str:
        return self._checkouts.get(dataset.id, MAIN)

    def _branch(self, dataset: Dataset) -> str:
        """The branch that is checked out, ``main`` when it is a tag or commit."""
        current = Ref.parse(self._current(dataset))
        is_plain = current.name is not None and current.at is None and not current.steps
        branches = {ref.name for ref in self._transport.refs(dataset.id) if ref.kind == "branch"} if is_plain else set()
        return current.name if current.name in branches and current.name else MAIN

    def _snapshot(self, wanted: Iterable[_Wanted]) -> dict[tuple[DatasetId, str], CommitId]:
        """The commits that the references name at one moment."""
        first = {(want.dataset.id, ref): want for want in wanted for ref in want.refs}
        try:
            return dict(zip(first, self._transport.snapshot(list(first)), strict=True))
        except (NotFoundError, InvalidInputError):
            # Asked for one by one, the reference at fault shows its place.
            return {key: self._commit(want, key[1]) for key, want in first.items()}

    def _commit(self, want: _Wanted, ref: str) -> CommitId:
        try:
            return self._transport.resolve(want.dataset.id, ref).id
        except (NotFoundError, InvalidInputError) as error:
            raise self._pointed(error, want.name, f"In dataset {want.dataset.name!r}: ") from error

    def _found(self, want: _Wanted, commits: Sequence[CommitId]) -> Stored | Changed:
        name = want.dataset.name
        sources = [Source(dataset=name, ref=ref, commit=c) for ref, c in zip(want.refs, commits, strict=True)]
        try:
            if len(sources) == 1:
                scan = self._plans.scan(want.dataset, commits[0], want.table)
                return Stored(source=sources[0], scan=scan, inputs=self._inputs(want, commits))
            old, new = sources
            sides = self._plans.changes(want.dataset, commits[0], commits[1], want.table)
            return Changed(sources=(old, new), sides=sides, inputs=self._inputs(want, commits))
        except (NotFoundError, InvalidInputError) as error:
            raise self._pointed(error, want.name, f"In dataset {name!r} at {want.refs[-1]}: ") from error

    def _inputs(self, want: _Wanted, commits: Sequence[CommitId]) -> tuple[InputVersion, ...]:
        names = [self._plans.table_name(want.dataset, commit, want.table) for commit in commits]
        return tuple(
            InputVersion(dataset=want.dataset.id, commit=commit, tables=(name,))
            for commit, name in zip(commits, names, strict=True)
        )

    # -------------------------------------------------------------------------------------------------------- errors

    def _two_meanings(self, name: TableName) -> StatementError:
        text, kind = name.path[0], type(self._variables[name.path[0]]).__name__
        spellings = [_spelt(_LOCAL, text), quote_name(_OWN + text)]
        return self._error(
            f"{text!r} is a dataset, and a Python variable that holds a {kind}",
            name,
            kind=ErrorKind.AMBIGUOUS_NAME,
            next_step=f"Write {spellings[0]} for the variable, or {spellings[1]} for the dataset.",
            suggestions=spellings,
        )

    def _pointed(self, error: DatasetsError, name: TableName, before: str = "") -> StatementError:
        """An error of the repository as one about this place of the statement."""
        message = error.message if not before else before + error.message[:1].lower() + error.message[1:]
        pointed = self._error(message, name, kind=error.kind, next_step=error.next_step)
        pointed.details = {**error.details, **pointed.details, "suggestions": error.details.get("suggestions", [])}
        return pointed

    def _error(
        self,
        message: str,
        name: TableName,
        *,
        kind: ErrorKind = ErrorKind.STATEMENT_NAME,
        next_step: str = "",
        suggestions: Iterable[str] = (),
    ) -> StatementError:
        in_at = name.at is not None and kind in _ABOUT_REFERENCES
        return statement_error(
            message,
            text=self._statement.text,
            position=name.at.position if in_at and name.at else name.span[0],
            kind=kind,
            next_step=next_step,
            suggestions=list(suggestions),
        )


_REFUSED = ErrorKind.STATEMENT_REFUSED
_ABOUT_REFERENCES = frozenset(
    {
        ErrorKind.REF_NOT_FOUND,
        ErrorKind.COMMIT_NOT_FOUND,
        ErrorKind.INVALID_REF,
        ErrorKind.AMBIGUOUS_REF,
        ErrorKind.NO_VERSION_AT_TIME,
        ErrorKind.UNBORN_BRANCH,
        ErrorKind.STATEMENT_REFUSED,
    }
)


def hint_at_quotes(error: StatementError, statement: str, transport: Transport) -> None:
    """Where a statement breaks off at a word of SQL that is a dataset's name as well: say that it needs quotes."""
    position = error.details.get("position")
    if error.kind is not ErrorKind.STATEMENT_SYNTAX or not isinstance(position, int):
        return
    at, before = re.match(r"\w+", statement[position:]), re.search(r"(\w+)\s*\Z", statement[:position])
    for word in (at[0] if at else "", before[1] if before else ""):
        if is_keyword(word) and (dataset := _known(transport, word)):
            quoted = quote_name(dataset.name)
            error.next_step = f"{word} is a word of SQL. For the dataset, put it in quotes: {quoted}"
            return


def _known(transport: Transport, name: str) -> Dataset | None:
    try:
        return transport.get_dataset(name)
    except DatasetsError:
        return None


def _spelt(*path: str) -> str:
    """A name as it may stand in SQL."""
    return ".".join(quote_name(part) if needs_quotes(part) else part for part in path)
