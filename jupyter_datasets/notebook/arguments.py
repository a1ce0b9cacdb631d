"""What stands behind ``%%sql``: options, a name for the result, and perhaps the statement's beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.values import nearest

Form = Literal["pandas", "polars", "arrow", "relation"]

USAGE = (
    "%%sql [--into NAME | NAME <<] [--as pandas|polars|arrow|relation] [--at REF] [--limit N] to read, "
    "%%sql [--branch B] [--message M] to change"
)

_READING = ("--into", "--as", "--at", "--limit")
_CHANGING = ("--branch", "--message")
_OPTIONS = (*_READING, *_CHANGING)
_NOT_YET = ("--save-as", "--explain", "--validate", "--profile", "--job")
_TARGET = re.compile(r"\s*([^\W\d]\w*)\s*<<")
_OPTION = re.compile(r"\s*(--?[A-Za-z][\w-]*)(=?)\s*")
_VALUE = re.compile(r"""'([^']*)'|"([^"]*)"|(?!--)(\S+)""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """The line of a magic, taken apart.

    Attributes
    ----------
    statement
        What is left when options and name are taken away.
    into
        Python variable for the result; None to show it.
    form
        What the result becomes; None leaves it a Result.
    at
        Reference for all datasets without one of their own.
    limit
        The most rows that the result may have.
    branch, message
        Of the commit, where the statement changes data.
    """

    statement: str
    into: str | None = None
    form: Form | None = None
    at: str | None = None
    limit: int | None = None
    branch: str | None = None
    message: str | None = None

    def check_fits(self, *, changes: bool) -> None:
        """Refuse options that mean nothing to a statement that changes data, or to one that reads."""
        own = {"--into": self.into, "--as": self.form, "--at": self.at, "--limit": self.limit}
        wrong = own if changes else {"--branch": self.branch, "--message": self.message}
        if given := [option for option, value in wrong.items() if value is not None]:
            what = "changes data" if changes else "reads"
            raise InvalidInputError(
                f"{given[0]} means nothing to a statement that {what}.", next_step=f"Usage: {USAGE}"
            )


def parse_line(line: str) -> Arguments:
    """Read the line of ``%%sql``.

    Raises
    ------
    InvalidInputError
        An option is unknown (the nearest is offered), given twice, or has a value that it cannot have.
    """
    given: dict[str, str] = {}
    rest = line
    while True:
        if target := _TARGET.match(rest):
            _add(given, "--into", target[1])
            rest = rest[target.end() :]
        elif option := _OPTION.match(rest):
            value = _VALUE.match(rest, option.end())
            _add(given, option[1], next(filter(None, value.groups()), "") if value else None)
            rest = rest[value.end() :] if value else ""
        else:
            return _checked(given, rest.strip())


def _add(given: dict[str, str], option: str, value: str | None) -> None:
    if option not in _OPTIONS:
        raise _unknown(option)
    if value is None:
        raise InvalidInputError(f"{option} needs a value.", next_step=f"Usage: {USAGE}")
    if option in given:
        raise InvalidInputError(f"{option} is given twice.", next_step=f"Usage: {USAGE}")
    given[option] = value


def _unknown(option: str) -> InvalidInputError:
    if option in _NOT_YET:
        return InvalidInputError(f"{option} is not supported by this version.", next_step=f"Usage: {USAGE}")
    hints = nearest(option, _OPTIONS)
    step = f"Did you mean {hints[0]}?" if hints else f"Usage: {USAGE}"
    return InvalidInputError(f"There is no option {option}.", next_step=step, details={"suggestions": hints})


def _checked(given: dict[str, str], statement: str) -> Arguments:
    into, form, limit = given.get("--into"), given.get("--as"), given.get("--limit")
    if into is not None and not into.isidentifier():
        raise InvalidInputError(f"{into!r} is no name for a Python variable.", next_step=f"Usage: {USAGE}")
    if form is not None and form not in get_args(Form):
        raise InvalidInputError(
            f"A result cannot become {form!r}.", next_step=f"Use one of: {', '.join(get_args(Form))}."
        )
    if limit is not None and not limit.isdecimal():
        raise InvalidInputError(f"--limit takes a number of rows, and not {limit!r}.")
    return Arguments(
        statement=statement,
        into=into,
        form=form,  # type: ignore[arg-type]  # checked above
        at=given.get("--at"),
        limit=None if limit is None else int(limit),
        branch=given.get("--branch"),
        message=given.get("--message"),
    )
