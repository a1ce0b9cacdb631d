"""How a file is to be read: what the user said about it."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self, get_args

import duckdb

from jupyter_datasets.errors import ErrorKind, InvalidInputError

Format = Literal["csv", "parquet"]
DecimalMark = Literal[".", ","]

# Only encodings of text: Python has codecs that unpack archives or run for minutes on a few bytes.
_SINGLE_BYTE = {f"cp{n}" for n in (437, 850, 852, 855, 857, 858, 866, 874, *range(1250, 1259))}
_ISO = {f"iso8859-{n}" for n in range(1, 17)}
_EAST_ASIAN = {"shift_jis", "cp932", "euc_jp", "gb2312", "gbk", "gb18030", "big5", "cp950", "euc_kr", "cp949"}
_UNICODE = {"ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_ENCODINGS = _UNICODE | _SINGLE_BYTE | _ISO | _EAST_ASIAN | {"koi8-r", "koi8-u", "mac-roman"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """How to read a file. Whatever is None is found out from the file.

    Attributes
    ----------
    format
        ``"csv"`` (any delimited text) or ``"parquet"``.
    delimiter, quote
        One character each; ``quote=""`` when the file quotes nothing.
    header
        Whether the first line names the columns.
    encoding
        Of the text: ``"utf-8"`` unless the file starts with the mark of UTF-16; ``"latin-1"``, ``"cp1252"``, ...
    decimal
        The mark before the fraction of a number.
    nulls
        Texts that stand for null, in every column and quoted or not, in place of the usual words. An empty field
        without quotes is null in any case.
    types
        DuckDB types of columns by name. Such a column is never widened: a value that does not fit is an error.
    """

    format: Format | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str | None = None
    decimal: DecimalMark = "."
    nulls: tuple[str, ...] | None = None
    types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_word("format", self.format, (*get_args(Format), None))
        _require_word("decimal", self.decimal, get_args(DecimalMark))
        _require_word("header", self.header, (True, False, None))
        _require_mark("delimiter", self.delimiter, empty=False)
        _require_mark("quote", self.quote, empty=True)
        if self.delimiter is not None and self.delimiter in (self.quote, self.decimal):
            raise _bad("delimiter", self.delimiter, "another character than the quote and the decimal mark")
        if self.encoding is not None:
            object.__setattr__(self, "encoding", _encoding(self.encoding))
        if self.nulls is not None:
            object.__setattr__(self, "nulls", _texts("nulls", self.nulls))
        object.__setattr__(self, "types", {name: canonical_type(name, text) for name, text in self.types.items()})

    def to_json(self) -> dict[str, Any]:
        """The options that are set, as JSON values."""
        values = asdict(self)
        default = ReadOptions()
        changed = {name: value for name, value in values.items() if value != getattr(default, name)}
        return changed | ({"nulls": list(self.nulls)} if self.nulls is not None else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Options from JSON values, checked.

        Raises
        ------
        InvalidInputError
            An option is unknown, or its value is not possible.
        """
        known = [f.name for f in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise InvalidInputError(
                f"There is no option {unknown[0]!r} for reading a file.",
                next_step=f"The options are {', '.join(known)}.",
                details={"option": unknown[0]},
            )
        return cls(**values)


def canonical_type(column: str, text: str) -> str:
    """DuckDB's own spelling of a type that a user wrote.

    Raises
    ------
    InvalidInputError
        With ``kind`` UNSUPPORTED_TYPE, when DuckDB has no such type.
    """
    try:
        return str(duckdb.sqltype(text))
    except (duckdb.Error, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{text!r}, given for column {column!r}, is not a type.",
            kind=ErrorKind.UNSUPPORTED_TYPE,
            next_step="Use a type of DuckDB, such as BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP or VARCHAR.",
            details={"column": column, "type": str(text)},
        ) from error


def _require_word(name: str, value: object, words: tuple[object, ...]) -> None:
    if not any(value is word or (isinstance(value, str) and value == word) for word in words):
        raise _bad(name, value, "one of " + ", ".join(repr(word) for word in words))


def _require_mark(name: str, value: object, *, empty: bool) -> None:
    if value is None or (value == "" and empty):
        return
    if not (isinstance(value, str) and len(value) == 1 and value.isascii() and value not in "\0\r\n"):
        raise _bad(name, value, "one ASCII character that ends no line")


def _encoding(name: object) -> str:
    try:
        found = codecs.lookup(str(name)).name
    except LookupError as error:
        raise _bad("encoding", name, "an encoding such as 'utf-8', 'latin-1' or 'cp1252'") from error
    if found not in _ENCODINGS:
        raise _bad("encoding", name, "an encoding of text such as 'utf-8', 'latin-1' or 'cp1252'")
    return found


def _texts(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise _bad(name, values, "a list of texts")
    return tuple(values)


def _bad(name: str, value: object, wants: str) -> InvalidInputError:
    return InvalidInputError(
        f"The option {name} is {value!r}; it must be {wants}.", details={"option": name, "value": str(value)}
    )
