"""The words of an SQL text, split as DuckDB splits them, with their places in the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import duckdb

# DuckDB turns these into one blank before it parses, which moves all places behind them.
UNICODE_SPACES = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u2060\u3000\ufeff"
)
_TO_BLANK = str.maketrans(dict.fromkeys(UNICODE_SPACES, " "))
_SPACE = re.compile(f"[{UNICODE_SPACES}]")
_BLANKS = " \t\n\r\v\f"
_OPENING = {"(": ")", "[": "]", "{": "}"}

_Kind = duckdb.token_type


class Token(NamedTuple):
    """One word, literal or sign; ``start`` and ``end`` are indices of the text."""

    kind: duckdb.token_type
    text: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        """Whether it may be an identifier: quoted, bare, or a keyword."""
        return self.kind in (_Kind.identifier, _Kind.keyword)

    @property
    def is_string(self) -> bool:
        """Whether it is a string literal of any form."""
        return self.kind == _Kind.string_const

    @property
    def is_literal(self) -> bool:
        """Whether it is a string or a number."""
        return self.is_string or self.kind == _Kind.numeric_const

    @property
    def word(self) -> str:
        """The bare word in capitals; empty for anything quoted and for signs."""
        return self.text.upper() if self.is_name and self.text[0] != '"' and self.text.isascii() else ""

    @property
    def name(self) -> str:
        """The identifier or simple string that it spells, without its quotes."""
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote) if quote in "\"'" else self.text


class Offsets:
    """Translates DuckDB's offsets, which count bytes of UTF-8, into indices of the text."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._starts = None if text.isascii() else list(accumulate(map(_width, text), initial=0))

    def index(self, offset: int) -> int:
        """The index of the character at the offset, or the length of the text when it lies behind."""
        return min(offset, self._length) if self._starts is None else bisect_left(self._starts, offset, hi=self._length)


def _width(char: str) -> int:
    return 1 if char < "\x80" else 2 if char < "\u0800" else 3 if char < "\U00010000" else 4


def tokenize(text: str) -> tuple[Token, ...]:
    """All tokens of the text without the comments."""
    return tuple(token for token in _scan(text) if token.kind != _Kind.comment)


def _scan(text: str) -> Iterator[Token]:
    offsets = Offsets(text)
    found = [(offsets.index(offset), kind) for offset, kind in duckdb.tokenize(text)]
    for (start, kind), (end, _) in pairwise([*found, (len(text), _Kind.comment)]):
        word = text[start:end].rstrip(_BLANKS)
        yield Token(kind, word, start, start + len(word))


def clean_spaces(text: str) -> str:
    """The text, equally long, with plain blanks for the Unicode spaces outside its literals and quoted names."""
    if not _SPACE.search(text):
        return text
    parts, done = [], 0
    for token in _scan(text):
        if token.text[0] != '"' and not token.is_string:
            parts += [text[done : token.start], token.text.translate(_TO_BLANK)]
            done = token.end
    return "".join([*parts, text[done:]])


def deepest_bracket(tokens: Sequence[Token], limit: int) -> Token | None:
    """The first bracket that lies deeper than the limit."""
    depth = 0
    for token in tokens:
        depth += (token.text in _OPENING) - (token.text in _OPENING.values())
        if depth > limit:
            return token
    return None


def brackets(tokens: Sequence[Token]) -> dict[int, int]:
    """For the index of each opening bracket, the index of the one that closes it."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for i, token in enumerate(tokens):
        if token.text in _OPENING:
            open_at.append(i)
        elif open_at and token.text == _OPENING[tokens[open_at[-1]].text]:
            pairs[open_at.pop()] = i
    return pairs


def top_level(tokens: Sequence[Token], start: int, end: int, pairs: dict[int, int]) -> Iterator[int]:
    """The indices from ``start`` on, bracketed parts skipped, until a closing bracket or ``end``."""
    i = start
    while i < end and tokens[i].text not in _OPENING.values():
        yield i
        i = pairs.get(i, i) + 1


def word_at(tokens: Sequence[Token], index: int) -> str:
    """The bare word at an index, empty where there is none."""
    return tokens[index].word if 0 <= index < len(tokens) else ""


def text_at(tokens: Sequence[Token], index: int) -> str:
    """The token's text at an index, empty where there is none."""
    return tokens[index].text if 0 <= index < len(tokens) else ""
