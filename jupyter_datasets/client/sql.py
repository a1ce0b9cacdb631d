"""SQL over versions of datasets, and over tables in Python variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from jupyter_datasets.client import frames
from jupyter_datasets.client.names import Changed, Meaning, Names, Stored, Variable, hint_at_quotes
from jupyter_datasets.client.plans import Plans
from jupyter_datasets.client.provenance import READS, inputs_of
from jupyter_datasets.client.result import Result, Source, exportable
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.client.waiting import SHOW_PROGRESS, wait_for
from jupyter_datasets.engine.error_translation import ERRORS_WITH_PLACES, translate_error
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import Scan, Session
from jupyter_datasets.engine.rewriting import rewrite
from jupyter_datasets.engine.schema_statements import SCHEMA_VERBS
from jupyter_datasets.engine.sqltrees import fold
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.statements import Statement, StatementKind, describe_refusal, parse
from jupyter_datasets.engine.table_names import TableName
from jupyter_datasets.errors import ErrorKind, InvalidInputError, StatementError
from jupyter_datasets.services.versions.provenance import InputVersion
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.values import DatasetId, nearest

T = TypeVar("T")

# What a stream says about a failed query is an OSError; its words tell the class that DuckDB raises otherwise.
_STREAM_ERRORS: Mapping[str, type[duckdb.Error]] = {
    "INTERRUPT": duckdb.InterruptException,
    "Conversion": duckdb.ConversionException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "IO": duckdb.IOException,
    "Invalid Input": duckdb.InvalidInputException,
}
_FILE_ERRORS = (duckdb.IOException, duckdb.InvalidInputException)


class Queries:
    """Runs statements for one repository.

    Parameters
    ----------
    transport
        Where the datasets are.
    engine
        What the statements run on.
    checkouts
        What a bare dataset means, where that is not ``main``.
    """

    def __init__(self, transport: Transport, engine: Engine, checkouts: Mapping[DatasetId, str]) -> None:
        self._transport = transport
        self._engine = engine
        self._checkouts = checkouts
        self._plans = Plans(transport, engine)

    def run(
        self,
        query: str,
        *,
        params: Mapping[str, Any],
        variables: Mapping[str, Any],
        at: str | None = None,
        limit: int | None = None,
        own: Callable[[TableName], Stored | None] = lambda _: None,
    ) -> Result:
        """A result of the statement, which runs when somebody looks at its rows.

        Parameters
        ----------
        query
            One statement that reads.
        params
            Values of ``$name`` parameters; those that the statement does not use are not looked at.
        variables
            Values of Python variables, the tables among which may be named in FROM.
        at
            Reference that holds for every dataset without one of its own.
        limit
            The most rows that the result may have.
        own
            What a name of the statement means before anything else, or None.

        Raises
        ------
        StatementError
            The statement cannot run; ``details`` hold line, column and suggestions.
        """
        started = perf_counter()
        _check_limit(limit)
        statement = self._parse(query)
        if refusal := describe_refusal(statement):
            raise refusal
        parameters = Parameters(statement, params)
        meanings = Names(
            self._transport,
            self._plans,
            statement,
            checkouts=self._checkouts,
            at=at,
            variables=frames.Frames(variables),
            value_of=parameters.value,
            is_builtin=self._is_builtin,
            own=own,
        ).resolve()
        running = _Query(self._engine, self._plans, statement, meanings, parameters)
        relation, kinds = running.bind(limit)
        inputs = tuple(read for meaning in meanings.values() for read in _inputs(meaning))
        READS.add(inputs)
        return Result(
            running,
            relation,
            kinds=kinds,
            sources=_sources(meanings),
            inputs=inputs,
            seconds=perf_counter() - started,
        )

    def _parse(self, query: str) -> Statement:
        try:
            return parse(query)
        except StatementError as error:
            hint_at_quotes(error, query, self._transport)
            raise

    def _is_builtin(self, view: str) -> bool:
        return fold(view) in self._builtin_views

    @cached_property
    def _builtin_views(self) -> frozenset[str]:
        with self._engine.cursor() as connection:
            names = connection.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()
        return frozenset(fold(name) for (name,) in names)


def changes_data(statement: str) -> bool:
    """Whether a statement changes rows, or makes or alters a table; one that cannot be parsed does neither."""
    try:
        parsed = parse(statement)
    except StatementError:
        return False
    return parsed.kind is StatementKind.EDIT or parsed.verb in SCHEMA_VERBS


class _Query:
    """A statement whose names have a meaning, on a connection of its own."""

    def __init__(
        self,
        engine: Engine,
        plans: Plans,
        statement: Statement,
        meanings: Mapping[TableName, Meaning],
        parameters: Parameters,
    ) -> None:
        self._engine = engine
        self._plans = plans
        self._statement = statement
        self._parameters = parameters
        self._scans = list({id(scan): scan for meaning in meanings.values() for scan in _scans(meaning)}.values())
        self._connection = engine.cursor()
        self._connection.execute(f"{ERRORS_WITH_PLACES}; {SHOW_PROGRESS}")
        self._rewritten = rewrite(statement, {name: self._sql(name, meaning) for name, meaning in meanings.items()})
        self._relation: duckdb.DuckDBPyRelation | None = None

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same database."""
        return self._engine.cursor()

    def bind(self, limit: int | None) -> tuple[duckdb.DuckDBPyRelation, list[str]]:
        """The statement's rows as users get them, not computed yet, and the logical types of their columns.

        EXPLAIN, and a PIVOT of several steps, run here.
        """
        text = self._rewritten.text
        values = {name: self._parameters.value(name) for name in self._rewritten.parameters}

        def ask() -> duckdb.DuckDBPyRelation:
            return self._connection.sql(text, params=values or None)

        try:
            relation = wait_for(self._connection, ask)
        except duckdb.Error as error:
            self._parameters.check(self._rewritten.parameters, self._connection)
            raise self._translated(self._placed(error, text, values)) from error
        names = self._rewritten.column_names(relation.columns)
        limited = relation if limit is None else relation.limit(limit)
        self._relation = exportable(limited, names)
        return self._relation, [str(kind) for kind in relation.types]

    def run(self, work: Callable[[], T]) -> T:
        """What the work gives; see :class:`jupyter_datasets.client.result.Runner`."""
        try:
            return wait_for(self._connection, work)
        except duckdb.Error as error:
            raise self._translated(error) from error
        except (OSError, pa.ArrowException) as error:
            raise self._translated(_as_duckdb(error)) from error

    def _sql(self, name: TableName, meaning: Meaning) -> str:
        """What stands for a table in the statement."""
        if isinstance(meaning, Stored):
            number = next(i for i, known in enumerate(self._scans) if known is meaning.scan)
            given = Session(self._connection)
            return f"({meaning.scan.bind(given, f'table {number}', numbered=meaning.numbered)})"
        if isinstance(meaning, Changed):
            return f"({meaning.sides.comparison(self._connection, f'changes {name.span[0]}').rows()})"
        internal = f"variable {meaning.name}"
        try:
            frames.register(self._connection, internal, meaning.value)
        except duckdb.Error as error:
            raise statement_error(
                f"{meaning.name!r} cannot be read by a query: {_first_line(error)}",
                text=self._statement.text,
                position=name.span[0],
                kind=ErrorKind.UNSUPPORTED_TYPE,
            ) from error
        return quote_name(internal)

    def _placed(self, error: duckdb.Error, text: str, values: Mapping[str, Any]) -> duckdb.Error:
        """The same error with the place that only ``execute`` tells; binding fails again before anything runs."""
        if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
            return error
        try:
            self._connection.execute(text, values or None)
        except duckdb.Error as again:
            return again if type(again) is type(error) else error
        return error

    def _translated(self, error: duckdb.Error) -> StatementError:
        if isinstance(error, _FILE_ERRORS):
            for scan in self._scans:
                self._plans.check(scan)
        translated = translate_error(
            error,
            self._statement,
            self._rewritten,
            ran=None if self._relation is None else self._relation.sql_query(),
            known_columns=[column for scan in self._scans for column, _ in scan.columns],
        )
        if isinstance(error, duckdb.ConversionException) and "DECIMAL(38,0)" in translated.message:
            translated.next_step = "Integers of 39 digits reach Python as text only: cast the column to VARCHAR."
        return translated


class Parameters:
    """Values for the ``$name`` parameters of a statement."""

    def __init__(self, statement: Statement, values: Mapping[str, Any]) -> None:
        self._statement = statement
        self._values = values

    def value(self, name: str) -> Any:
        """The value of a parameter, as DuckDB can take it; the nearest names are offered when there is none."""
        if name not in self._values:
            hints = nearest(name, (known for known in self._values if not known.startswith("_")))
            raise self._error(
                f"There is no value for ${name}",
                name,
                kind=ErrorKind.STATEMENT_NAME,
                suggestions=[f"${hint}" for hint in hints],
            )
        return _plain(self._values[name])

    def check(self, names: Sequence[str], connection: duckdb.DuckDBPyConnection) -> None:
        """Find the value that DuckDB cannot take.

        Raises
        ------
        StatementError
            With ``kind`` UNSUPPORTED_TYPE, pointing at the parameter.
        """
        for name in names:
            value = self.value(name)
            try:
                connection.execute("SELECT $value", {"value": value})
            except duckdb.Error as error:
                raise self._error(
                    f"${name} is of type {type(value).__name__}, which is no value in SQL",
                    name,
                    kind=ErrorKind.UNSUPPORTED_TYPE,
                    next_step="Name it in FROM, without $." if frames.is_frame(value) else "",
                ) from error

    def _error(
        self, message: str, name: str, *, kind: ErrorKind, suggestions: Sequence[str] = (), next_step: str = ""
    ) -> StatementError:
        return statement_error(
            message,
            text=self._statement.text,
            position=next((use.start for use in self._statement.parameter_uses if use.name == name), None),
            kind=kind,
            next_step=next_step,
            suggestions=suggestions,
        )


def _plain(value: Any) -> Any:
    """A number of numpy, which DuckDB does not know, as one of Python; a column of values as a list."""
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        return value.item()
    if hasattr(value, "tolist") and not isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _sources(meanings: Mapping[TableName, Meaning]) -> list[Source]:
    found: list[Source] = []
    for meaning in meanings.values():
        if isinstance(meaning, Changed):
            found += meaning.sources
        elif isinstance(meaning, Stored) and meaning.source:
            found.append(meaning.source)
    return list(dict.fromkeys(found))


def _inputs(meaning: Meaning) -> tuple[InputVersion, ...]:
    return inputs_of(meaning.value) if isinstance(meaning, Variable) else meaning.inputs


def _scans(meaning: Meaning) -> tuple[Scan, ...]:
    if isinstance(meaning, Changed):
        return meaning.sides.old, meaning.sides.new
    return (meaning.scan,) if isinstance(meaning, Stored) else ()


def _as_duckdb(error: Exception) -> duckdb.Error:
    message = str(error)
    kind = message.partition(" Error: ")[0]
    return _STREAM_ERRORS.get(kind, duckdb.Error)(message)


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]


def _check_limit(limit: int | None) -> None:
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise InvalidInputError(f"A limit is a whole number of rows from 0 on, and not {limit!r}.")
