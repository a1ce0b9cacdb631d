"""The catalog on a PostgreSQL server: many processes may use it, so nothing is held and nothing closes when idle."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from jupyter_datasets.catalog.border import translated
from jupyter_datasets.catalog.schema import Schema
from jupyter_datasets.errors import ErrorKind, InvalidInputError

_DRIVER = "postgresql+psycopg"
_SCHEMES = frozenset({"postgres", "postgresql", _DRIVER})
# A server that is gone is noticed in bounded time; values that the URL gives are left alone.
_CONNECT = {"connect_timeout": "10", "tcp_user_timeout": "30000", "application_name": "jupyter_datasets"}


class PostgresCatalog:
    """What a :class:`Lease` opens and closes for a catalog on a server.

    Transactions run at REPEATABLE READ: they see one snapshot, and a lost update is an error, as on DuckDB.

    Parameters
    ----------
    url
        SQLAlchemy or libpq URL.
    schema
        The migrations to bring the catalog up to date with.
    """

    def __init__(self, url: str, schema: Schema) -> None:
        parsed = _parse(url)
        self._schema = schema
        self.place = f"PostgreSQL at {parsed.host or parsed.query.get('host', 'localhost')}, database {parsed.database}"
        self.engine = _new_engine(parsed)
        self.reader = self.engine.execution_options(postgresql_readonly=True)

    def open(self, deadline: float) -> None:  # noqa: ARG002  # connecting has its own time limit
        """Connect and bring the schema up to date."""
        try:
            with translated(self.place):
                self._upgrade()
        except BaseException:
            self.engine.dispose()
            raise

    def _upgrade(self) -> None:
        with self.engine.connect() as connection:
            if self._schema.is_current(connection):
                return
        # Whoever waits for another migration must see its result, so not from one snapshot.
        with self.engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            self._schema.upgrade(connection, self.place)

    def restart(self) -> None:
        """Drop all connections; new ones are made when needed."""
        self.engine.dispose()

    def close(self) -> None:
        """Drop all connections."""
        self.engine.dispose()

    def after_fork(self) -> bool:
        """Forget the parent's connections without closing them; a child may make its own."""
        self.engine.dispose(close=False)
        return True

    def copy_to(self, target: Path) -> None:
        """Refuse: the server has its own tools."""
        raise InvalidInputError(
            f"The catalog is on a server and cannot be copied to {target}.", next_step="Use pg_dump on the server."
        )


def _new_engine(url: URL) -> Engine:
    missing = {name: value for name, value in _CONNECT.items() if name not in url.query}
    try:
        return create_engine(
            url,
            connect_args=missing,
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
        )
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            "A catalog in PostgreSQL needs the package psycopg.",
            kind=ErrorKind.MISSING_PACKAGE,
            next_step="pip install 'psycopg[binary]'",
        ) from error


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise _bad_url() from None  # the cause would show the URL, which may hold a password
    if url.drivername not in _SCHEMES:
        raise _bad_url(f": {url.drivername!r} is not PostgreSQL")
    return url.set(drivername=_DRIVER)


def _bad_url(why: str = "") -> InvalidInputError:
    return InvalidInputError(
        f"The catalog's URL cannot be used{why}.",
        kind=ErrorKind.INVALID_SETTING,
        next_step="Write it as postgresql://user:password@host:5432/database.",
    )
