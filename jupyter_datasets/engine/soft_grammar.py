"""Spellings that DuckDB does not parse, or parses without giving the places of tables.

Each is read from the tokens and replaced by an equally long spelling that DuckDB parses with places, so that every
place stays the user's:

=============================  ====================  =======================
user                           for DuckDB's parser   when it runs
=============================  ====================  =======================
``t FOR VERSION AS OF 'v'``    ``t``                 ``t``
``TABLE t``                    ``FROM  t``           ``FROM t``
``DESCRIBE t``, ``SHOW t``     ``FROM     t``        ``DESCRIBE FROM t``
``EXPLAIN SELECT``             ``SELECT``            unchanged
``PIVOT t ON x``               ``FROM  t``           unchanged
=============================  ====================  =======================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_datasets.engine.patches import Patch, blank
from jupyter_datasets.engine.sqltokens import Token, brackets, text_at, top_level, word_at
from jupyter_datasets.engine.statement_errors import statement_error

_QUERY_WORDS = {"SELECT", "FROM", "WITH", "VALUES", "TABLE", "PIVOT", "PIVOT_WIDER", "UNPIVOT", "PIVOT_LONGER"}
_DESCRIBING = {"DESCRIBE", "DESC", "SUMMARIZE", "SHOW"}
_LISTING = {"TABLES", "ALL", "DATABASES", "SCHEMAS", "VARIABLES"}
_PIVOTS = {"PIVOT", "PIVOT_WIDER"}
_SET_OPERATIONS = {"UNION", "EXCEPT", "INTERSECT"}
_BEFORE_QUERY = _SET_OPERATIONS | _DESCRIBING | {"ALL", "DISTINCT", "NAME"}
_TIME_TYPES = {"TIMESTAMP", "TIMESTAMPTZ", "DATE"}


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeClause:
    """``FOR VERSION AS OF ...``, which belongs to the table that ends at ``after``."""

    unit: str
    value: str
    start: int
    end: int
    after: int


class SoftGrammar:
    """The user's statement prepared for DuckDB's parser.

    Attributes
    ----------
    text
        What DuckDB is to parse; as long as the user's text.
    patches
        What must be changed in the user's text to run it.
    times
        The ``FOR ... AS OF`` clauses.
    explains
        Whether it is an EXPLAIN.
    """

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self.patches: list[Patch] = []
        self.times: list[TimeClause] = []
        self._tokens = tokens
        self._pairs = brackets(tokens)
        self._begin = self._skip_explain()
        self.explains = self._begin > 0
        for i, token in enumerate(tokens):
            if token.word == "FOR" and word_at(tokens, i + 1) in ("VERSION", "TIMESTAMP"):
                self._take_time(i)
            elif token.word in _DESCRIBING and self._starts_query(i):
                self._take_description(i)
            elif token.word == "TABLE" and self._starts_query(i):
                self._blank(token.start, token.end, "FROM")
                self.patches.append(Patch(start=token.start, end=token.end, text="FROM"))

    def without_pivots(self) -> str | None:
        """``text`` with each PIVOT statement as a plain list of what it reads; None when there is no such statement."""
        pivots = [i for i, token in enumerate(self._tokens) if token.word in _PIVOTS and self._is_pivot_statement(i)]
        text = self.text
        for i in pivots:
            text = self._flatten(text, i)
        return text if pivots else None

    def _blank(self, start: int, end: int, word: str = "") -> None:
        self.text = blank(self.text, start, end, word)

    def _skip_explain(self) -> int:
        if word_at(self._tokens, 0) != "EXPLAIN":
            return 0
        first = 2 if word_at(self._tokens, 1) == "ANALYZE" else 1
        if text_at(self._tokens, first) == "(" and not self._opens_query(first):
            first = self._pairs.get(first, first) + 1
        self._blank(0, self._tokens[first - 1].end)
        return first

    def _opens_query(self, index: int) -> bool:
        while text_at(self._tokens, index) == "(":
            index += 1
        return word_at(self._tokens, index) in _QUERY_WORDS | _DESCRIBING

    def _starts_query(self, index: int) -> bool:
        if index in (0, self._begin) or text_at(self._tokens, index - 1) == "(":
            return True
        before = self._tokens[index - 1]
        if self._tokens[index].word in _DESCRIBING:
            return False  # a DESC behind anything else sorts
        return before.text == ")" or before.word in _BEFORE_QUERY

    def _take_description(self, index: int) -> None:
        verb = self._tokens[index]
        if text_at(self._tokens, index + 1) == "(" or word_at(self._tokens, index + 1) in _QUERY_WORDS:
            self._blank(verb.start, verb.end)
        elif self._names_table(index + 1) and not (verb.word == "SHOW" and self._lists_catalog(index + 1)):
            self._blank(verb.start, verb.end, "FROM")
            word = "SUMMARIZE" if verb.word == "SUMMARIZE" else "DESCRIBE"
            self.patches.append(Patch(start=verb.start, end=verb.end, text=f"{word} FROM"))

    def _names_table(self, index: int) -> bool:
        return index < len(self._tokens) and (self._tokens[index].is_name or self._tokens[index].is_string)

    def _lists_catalog(self, index: int) -> bool:
        return self._tokens[index].word in _LISTING and text_at(self._tokens, index + 1) != "."

    def _take_time(self, index: int) -> None:
        words = [word_at(self._tokens, index + i) for i in range(4)]
        if words[2:] != ["AS", "OF"]:
            return
        value = list(self._literal(index + 4))
        if not value:
            raise statement_error(
                f"FOR {words[1]} AS OF takes a literal or a $parameter",
                text=self.text,
                position=self._tokens[index + 3].end,
            )
        start, end = self._tokens[index].start, value[-1].end
        written = self.text[value[0].start : end]
        after = self._tokens[index - 1].end if index else 0
        self.times.append(TimeClause(unit=words[1], value=written, start=start, end=end, after=after))
        self.patches.append(Patch(start=start, end=end, text=""))
        self._blank(start, end)

    def _literal(self, index: int) -> Iterable[Token]:
        tokens = self._tokens
        if word_at(tokens, index) in _TIME_TYPES or text_at(tokens, index) == "$":
            return tokens[index : index + 2] if index + 1 < len(tokens) else ()
        return (t for t in tokens[index : index + 1] if t.is_literal)

    def _is_pivot_statement(self, index: int) -> bool:
        """Tells ``PIVOT t ON x`` from the operator ``t PIVOT (sum(y) FOR x IN (1, 2))`` and from a label."""
        if text_at(self._tokens, index - 1) == "." or word_at(self._tokens, index - 1) == "AS":
            return False
        if text_at(self._tokens, index + 1) != "(":
            return True
        inside = top_level(self._tokens, index + 2, len(self._tokens), self._pairs)
        return not any(word_at(self._tokens, i) == "FOR" for i in inside)

    def _flatten(self, text: str, index: int) -> str:
        inside = list(self._pivot_tokens(index))
        cut = next((i for i in reversed(inside) if word_at(self._tokens, i) == "ON"), None)
        if cut is None:
            return text
        text = blank(text, self._tokens[index].start, self._tokens[index].end, "FROM")
        last = max(self._pairs.get(inside[-1], 0), inside[-1])
        return self._keep_queries(text, cut, last)

    def _pivot_tokens(self, index: int) -> Iterator[int]:
        for i in top_level(self._tokens, index + 1, len(self._tokens), self._pairs):
            if self._tokens[i].word in _SET_OPERATIONS or self._tokens[i].text == ";":
                return
            yield i

    def _keep_queries(self, text: str, first: int, last: int) -> str:
        i = first
        while i <= last:
            if self._tokens[i].text == "(" and self._opens_query(i):
                # The inner query becomes one more item of the FROM list.
                text = blank(text, self._tokens[i - 1].start, self._tokens[i - 1].end, ",")
                i = self._pairs[i] + 1
            else:
                text = blank(text, self._tokens[i].start, self._tokens[i].end)
                i += 1
        return text
