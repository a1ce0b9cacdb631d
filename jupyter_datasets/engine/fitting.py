"""Which texts are values of which type: checks in SQL that let nothing be lost when text becomes a value.

DuckDB's casts are generous: ``'1.5'`` becomes the BIGINT 2, ``'007'`` 7, a timestamp forgets its zone. So each cast is
paired with a check on the text. For a type that was *proposed*, the text must be a usual way to write the value: a
leading zero or ``+`` marks a code or a phone number, and digits that a DOUBLE cannot hold are not thrown away. For a
type that the user *declared*, only the value counts: ``'007'`` is the number 7 then, but ``'1.5'`` is still no integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_datasets.sqltext import quote_text

TEXT = "VARCHAR"
INTEGER_38 = "DECIMAL(38,0)"
TIMESTAMP_UTC = "TIMESTAMP WITH TIME ZONE"

# The order in which types are proposed: the first that all values fit.
PROPOSALS = ("BOOLEAN", "BIGINT", INTEGER_38, "DOUBLE", "DATE", "TIMESTAMP", TIMESTAMP_UTC, "TIME")

# What stands for null in a column of another type than text; "" is an empty text in quotes.
NULL_WORDS = ("", "NA", "N/A", "NULL", "null", "NaN")

_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM")
_INTEGERS = frozenset({*_SIGNED, "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
_NUMBER = re.compile(r"(?:FLOAT|DOUBLE|DECIMAL\(.*)\Z")
_DECIMAL = re.compile(r"DECIMAL\(([0-9]+),\s*([0-9]+)\)\Z")
_TIMESTAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_FRACTION_DIGITS = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP_NS": 9}

_SCALES = (4, 6, 9, 12, 18)  # digits behind the point that are tried
_WIDER = {
    "FLOAT": ("DOUBLE", TEXT),
    "DATE": ("TIMESTAMP", TEXT),
    "TIMESTAMP_S": ("TIMESTAMP_MS", "TIMESTAMP", TEXT),
    "TIMESTAMP_MS": ("TIMESTAMP", TEXT),
}

_WHOLE = "(0|[1-9][0-9]*)"
_DAY = "[0-9]{4,6}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_CLOCK = "[0-9]{1,2}:[0-9]{1,2}"
_ZONE_UTC = r"(Z|z|[+-]00(:?00)?)"
_ZONE_ANY = r" ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?"
_INFINITE = "[+-]?(inf|infinity|nan)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """How texts become values of one type.

    Attributes
    ----------
    type
        The type.
    cast
        SQL with ``{t}`` for the text, giving the value or NULL.
    quick
        SQL over ``{t}`` and the value ``{v}``, true for usual texts that fit. Cheap: it runs for each value.
    full
        SQL that decides about the others.
    """

    type: str
    cast: str
    quick: str
    full: str

    def value(self, text: str) -> str:
        """SQL for the value of a text, which is itself SQL."""
        return self.cast.format(t=text)

    def fits(self, text: str, value: str, words: Sequence[str] = ()) -> str:
        """SQL that is false where a text is neither a value of the type nor one of the words, else true."""
        quick, full = self.quick.format(t=text, v=value), self.full.format(t=text, v=value)
        other = f" OR {text} IN ({', '.join(map(quote_text, words))})" if words else ""
        # Nested, for CASE is what keeps DuckDB from evaluating the costly part for all rows.
        rest = f"CASE WHEN {value} IS NOT NULL THEN {full} ELSE false END{other}"
        return f"CASE WHEN {quick} OR {text} IS NULL THEN true ELSE {rest} END"


@dataclass(frozen=True, kw_only=True, slots=True)
class TextForm:
    """How values are written in one file, as far as the user said.

    Attributes
    ----------
    nulls
        Texts that stand for null in every column; None for :data:`NULL_WORDS` in columns of other types than text.
    decimal
        The mark before a fraction.
    """

    nulls: tuple[str, ...] | None = None
    decimal: str = "."

    @property
    def words(self) -> tuple[str, ...]:
        """What stands for null in a column of another type than text. Nothing typed is written as an empty text."""
        return NULL_WORDS if self.nulls is None else ("",)

    def typed_text(self, text: str, kind: str) -> str:
        """SQL for a text as DuckDB's cast to the type expects it."""
        # The marks change places, so that the point of '1.500' is not taken for a decimal mark.
        return f"translate({text}, ',.', '.,')" if self.decimal == "," and is_number(kind) else text


def is_number(kind: str) -> bool:
    """Whether values of the type are written with digits and perhaps a decimal mark."""
    return kind in _INTEGERS or _NUMBER.match(kind) is not None


def wider_types(kind: str) -> tuple[str, ...]:
    """The types to try, in this order, when a column does not hold a type that nobody declared."""
    if kind in _INTEGERS:
        return ("BIGINT", INTEGER_38, "DOUBLE", TEXT)[kind == "BIGINT" :]
    if decimal := _DECIMAL.match(kind):
        return (*_wider_decimals(int(decimal[1]), int(decimal[2])), "DOUBLE", TEXT)
    return _WIDER.get(kind, (TEXT,))


def _wider_decimals(digits: int, scale: int) -> Iterator[str]:
    """Decimals with more digits before the point, else with more behind it, for none may be lost before."""
    for behind in (scale, *(more for more in _SCALES if scale < more <= 38 - (digits - scale))):
        least = digits - scale + behind
        yield from (f"DECIMAL({total},{behind})" for total in (18, 38) if total > digits and total >= least)


def check_for(kind: str, *, declared: bool) -> Check:
    """The check for a type in DuckDB's own spelling."""
    if kind in ("FLOAT", "DOUBLE"):
        return _float_check(kind, declared)
    if kind == "BOOLEAN":
        return _boolean_check(declared)
    if kind in _INTEGERS or _DECIMAL.match(kind):
        return _cast_check(kind, "CAST({v} AS VARCHAR) = {t}", _matches(_number_pattern(kind, declared)))
    if kind == "DATE" or kind in _TIMESTAMPS or kind in (TIMESTAMP_UTC, "TIME"):
        return _time_check(kind, declared)
    if kind == "UUID" or declared:
        return _cast_check(kind, "{v} IS NOT NULL", "false")
    return _cast_check(kind, "CAST({v} AS VARCHAR) = {t}", "false")


def _cast_check(kind: str, quick: str, full: str) -> Check:
    return Check(type=kind, cast=f"TRY_CAST({{t}} AS {kind})", quick=quick, full=full)


def _matches(pattern: str) -> str:
    # Braces are doubled, for the SQL is a format string.
    return f"regexp_full_match({{t}}, {quote_text(pattern).replace('{', '{{').replace('}', '}}')}, 'i')"


def _spaced(pattern: str) -> str:
    return rf"\s*{pattern}\s*"


def _number_pattern(kind: str, declared: bool) -> str:
    decimal = _DECIMAL.match(kind)
    scale = int(decimal[2]) if decimal else 0
    if not declared and not scale:
        return _spaced("(0|-?[1-9][0-9]*)")
    if not declared:
        return _spaced(rf"-?{_WHOLE}?(\.[0-9]{{0,{scale}}}0*)?")
    return _spaced(rf"[+-]?[0-9]*(\.[0-9]{{0,{scale}}}0*)?")


def _boolean_check(declared: bool) -> Check:
    yes, no = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
    words = (yes, no) if declared else (yes[:1], no[:1])
    true, false = (", ".join(quote_text(word) for word in side) for side in words)
    folded = "lower(trim({t}))"
    return Check(
        type="BOOLEAN",
        cast=f"CASE WHEN {folded} IN ({true}) THEN true WHEN {folded} IN ({false}) THEN false END",
        quick="{v} IS NOT NULL",
        full="false",
    )


def _float_check(kind: str, declared: bool) -> Check:
    # A DOUBLE keeps any 15 digits. The texts between '00' and '0:' begin with a zero and another digit, for ':' is the
    # character after '9'.
    usual = (
        "{t} >= '-' AND {t} < ':' AND abs({v}) < 1e300 AND (abs({v}) > 1e-300 OR strlen({t}) <= 5)"
        " AND NOT ({t} >= '00' AND {t} < '0:') AND NOT ({t} >= '-00' AND {t} < '-0:')"
    )
    sign, whole = ("[+-]?", "[0-9]*") if declared else ("-?", f"{_WHOLE}?")
    written = _matches(_spaced(rf"{sign}{whole}(\.[0-9]*)?(e[+-]?[0-9]+)?")) + " AND isfinite({v})"
    if kind == "FLOAT" and not declared:
        quick, kept = "CAST({v} AS VARCHAR) = {t}", "CAST({v} AS VARCHAR) = trim({t})"
    else:
        quick = usual + " AND strlen({t}) <= 15 AND NOT contains({t}, '_')"
        # The shortest text of a number may be rounded up where printing it to as many digits rounds to even.
        same = (f"{_digits('{t}')} = {_digits(number)}" for number in (_printed(), "CAST({v} AS VARCHAR)"))
        kept = "true" if declared else f"({' OR '.join(same)})"
    return _cast_check(kind, quick, f"({written} AND {kept} OR {_matches(_spaced(_INFINITE))})")


def _digits(text: str) -> str:
    """SQL for the digits of a number that count. Zeros at the end of an integer do, those of a fraction do not."""
    number = f"lower(trim({text}))"
    digits = f"ltrim(regexp_replace(regexp_replace({number}, 'e.*', ''), '[-.]', '', 'g'), '0')"
    return f"CASE WHEN regexp_matches({{t}}, '[.eE]') THEN rtrim({digits}, '0') ELSE {digits} END"


def _printed() -> str:
    """SQL for the number, rounded to as many digits as its text has."""
    length = f"greatest(least(strlen({_digits('{t}')}), 800), 1)"
    return f"format('{{{{:.' || ({length} - 1) || 'e}}}}', {{v}})"


def _time_check(kind: str, declared: bool) -> Check:
    full = _matches(_spaced(_time_pattern(kind, declared)))
    if kind == "DATE":
        # After four digits of a year, ten characters leave no room for a time of day, which the cast would drop.
        return _cast_check(kind, "strlen({t}) = 10 AND {t} < ':' AND {t} >= '0' AND {v} >= DATE '1000-01-01'", full)
    text = "replace({t}, 'T', ' ')"
    if kind == TIMESTAMP_UTC:
        text = f"replace({text}, 'Z', '+00')"
    return _cast_check(kind, f"{{t}} < ':' AND CAST({{v}} AS VARCHAR) = {text}", full)


def _time_pattern(kind: str, declared: bool) -> str:
    if kind == "DATE":
        return _DAY
    seconds = rf":[0-9]{{1,2}}(\.[0-9]{{0,{_FRACTION_DIGITS.get(kind, 6)}}}0*)?"
    if kind == "TIME":
        return _CLOCK + (f"({seconds})?" if declared else seconds)
    moment = f"{_DAY}[ T]+{_CLOCK}({seconds})?"
    if kind == TIMESTAMP_UTC:
        return f"{moment}{_ZONE_ANY}" if declared else f"{moment}{_ZONE_UTC}"
    return f"{_DAY}([ T]+{_CLOCK}({seconds})?)?"
