"""Values that every layer shares: who acts, how things are called, how a version is named."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Generic, Literal, NewType, Self, TypeVar

from jupyter_datasets.errors import ErrorKind, InvalidInputError

CommitId = NewType("CommitId", str)
ObjectHash = NewType("ObjectHash", str)
DatasetId = NewType("DatasetId", str)
JobId = NewType("JobId", str)
Micros = NewType("Micros", int)  # microseconds since 1970-01-01 UTC

MAIN = "main"
SHORT = 12
T = TypeVar("T")


class Role(StrEnum):
    """What an actor may do with a dataset; each role includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks. ``id`` is stable; ``name`` is for people and goes into commits."""

    id: str
    name: str

    @classmethod
    def local(cls) -> Self:
        """The person who runs this process, the administrator of an embedded store."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = f"uid{os.getuid()}" if hasattr(os, "getuid") else "user"
        return cls(id=f"local:{user}", name=user)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``cursor`` asks for the next one and is None at the end."""

    items: Sequence[T]
    cursor: str | None = None


def new_id() -> str:
    """A UUIDv7 as text. Ids made in one process sort by the order in which they were made."""
    global _last_tick
    with _tick_lock:
        # 48 bits of milliseconds and 12 bits below them, counted on when the clock stands still.
        millis, rest = divmod(time.time_ns(), 1_000_000)
        _last_tick = max(_last_tick + 1, millis << 12 | (rest << 12) // 1_000_000)
        tick = _last_tick
    value = (tick >> 12) << 80 | 7 << 76 | (tick & 0xFFF) << 64 | 2 << 62 | secrets.randbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_tick_lock = threading.Lock()
_last_tick = 0


def now() -> Micros:
    """The wall clock in microseconds UTC."""
    return Micros(time.time_ns() // 1000)


def to_datetime(moment: Micros) -> datetime:
    """The moment as a ``datetime`` with zone UTC."""
    return datetime.fromtimestamp(moment / 1_000_000, UTC)


def from_datetime(moment: datetime) -> Micros:
    """Microseconds UTC; a time without zone is taken as UTC."""
    aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = int(aware.replace(microsecond=0).timestamp())
    return Micros(whole * 1_000_000 + aware.microsecond)


def read_moment(value: str | date, *, last: bool = False) -> Micros:
    """A moment as people give it: a text such as ``2026-01-31`` or ``2026-01-31T12:00+01:00``, a date or a datetime.

    Parameters
    ----------
    value
        UTC where no zone is given.
    last
        Whether a day alone stands for its last microsecond instead of its first.
    """
    try:
        if isinstance(value, datetime):
            return from_datetime(value)
        text = value.strip() if isinstance(value, str) else value.isoformat()
        start = from_datetime(datetime.fromisoformat(text))
        return Micros(start + _DAY - 1) if last and _is_day(text) else start
    except (ValueError, OverflowError, AttributeError) as error:
        raise InvalidInputError(
            f"{str(value)!r} is not a time.", next_step="Write it as 2026-01-31 or 2026-01-31T12:00:00+01:00."
        ) from error


_DAY = 86_400_000_000


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment_text(moment: Micros) -> str:
    """A moment as people read it everywhere: to the second, UTC."""
    return f"{to_datetime(moment):%Y-%m-%d %H:%M:%S} UTC"


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that the reader may have meant, best first; none where that were a wild guess."""
    folded = {name.casefold(): name for name in known}
    return [folded[name] for name in get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)]


def check_text(text: str, what: str) -> str:
    """Text that every catalog can keep, or an error; ``what`` is how the message begins: ``"The message"``."""
    if not isinstance(text, str):
        raise InvalidInputError(f"{what} is text, and no {type(text).__name__}.")
    if _is_text(text) and "\0" not in text:
        return text
    raise InvalidInputError(f"{what} {text!r} holds a NUL or a character that is not Unicode.")


def _is_text(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def check_limit(limit: int) -> int:
    """The length of one page of a list, or an error."""
    if 1 <= limit <= _MAX_PAGE:
        return limit
    raise InvalidInputError(f"A page has 1 to {_MAX_PAGE:,} entries; {limit} were asked for.")


def check_offset(offset: int) -> int:
    """How many entries of a list to pass over, or an error."""
    if 0 <= offset < 1 << 62:
        return offset
    raise InvalidInputError(f"An offset counts from 0; {offset} was asked for.")


_MAX_PAGE = 10_000

# --------------------------------------------------------------------------------------------------------------------
# Names

_NAME_LENGTH = 100
_RESERVED = frozenset({"py", "me", "head", "information_schema", "pg_catalog"})
_FILE_NAME_BYTES = 255


def check_name(text: str, what: str = "dataset") -> str:
    """The name of a dataset or table in NFC, or an error that says which rule it breaks.

    Parameters
    ----------
    text
        A name as a person typed it.
    what
        What is named, for the message: ``"dataset"`` or ``"table"``.
    """
    name = unicodedata.normalize("NFC", text)
    if rule := _broken_name_rule(name):
        raise InvalidInputError(
            f"{text!r} cannot be the name of a {what}: {rule}.",
            kind=ErrorKind.INVALID_NAME,
            next_step=f"{repair_name(name)!r} would do.",
            details={"name": text, "suggestion": repair_name(name)},
        )
    return name


def _broken_name_rule(name: str) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > _NAME_LENGTH:
        return f"it has {len(name)} characters, and {_NAME_LENGTH} are the most"
    if name.casefold() in _RESERVED:
        return "the word is reserved"
    if not (name[0].isalpha() or name[0] == "_"):
        return "it must start with a letter or _"
    if wrong := [c for c in name if not _in_name(c)]:
        return f"{wrong[0]!r} is not a letter, a digit, _, - or a space"
    if name != name.strip():
        return "it ends with a space"
    return None


def _in_name(char: str) -> bool:
    return char.isalnum() or char in "_- "


def repair_name(text: str) -> str:
    """A valid name made from any text, such as a file name without its ending."""
    name = unicodedata.normalize("NFC", text)
    name = re.sub(r"_+", "_", "".join(c if _in_name(c) else "_" for c in name)).strip("_ ") or "table"
    if not name[0].isalpha():
        name = "_" + name
    name = name[:_NAME_LENGTH].strip()
    return name + "_" if name.casefold() in _RESERVED else name


def repair_columns(names: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    """Names of columns that are not empty, hold no NUL and differ in more than case; each keeps its own if it can.

    Returns
    -------
    tuple
        All names, and those that had to change by their position, counted from 1.
    """
    taken: set[str] = set()
    repaired, changed = [], {}
    wanted = {name.casefold() for name in names}
    for position, name in enumerate(names, start=1):
        base = name.replace("\0", "_") or f"column_{position}"
        free, number = base, 2
        while free.casefold() in taken or (free != name and free.casefold() in wanted):
            free, number = f"{base}_{number}", number + 1
        taken.add(free.casefold())
        repaired.append(free)
        if free != name:
            changed[position] = free
    return repaired, changed


def name_key(name: str) -> str:
    """What two names that differ only in case share."""
    return unicodedata.normalize("NFC", name).casefold()


def check_file_name(text: str) -> str:
    """The name of an attached file in NFC, or an error that says which rule it breaks."""
    name = unicodedata.normalize("NFC", text)
    if not name or name in {".", ".."}:
        rule = "it is empty or only dots"
    elif not _is_text(name):
        rule = "it holds a character that is not Unicode"
    elif len(name.encode()) > _FILE_NAME_BYTES:
        rule = f"it has more than {_FILE_NAME_BYTES} bytes"
    elif "/" in name or any(unicodedata.category(c) == "Cc" for c in name):
        rule = "it holds a slash or a control character"
    else:
        return name
    raise InvalidInputError(f"{text!r} cannot be the name of a file: {rule}.", kind=ErrorKind.INVALID_NAME)


def check_ref_name(text: str) -> str:
    """The name of a branch or tag, by Git's rules; 6 to 64 hex digits alone would be taken for a commit."""
    if rule := _broken_ref_rule(text):
        raise InvalidInputError(
            f"{text!r} cannot be the name of a branch or tag: {rule}.",
            kind=ErrorKind.INVALID_NAME,
            next_step="Use letters, digits, '-', '_', '.' and '/', as in 'fix/delays'.",
            details={"name": text},
        )
    return text


def _broken_ref_rule(text: str) -> str | None:
    parts = text.split("/")
    if not text or len(text) > 200:
        return "it must have 1 to 200 characters"
    if re.fullmatch(r"[0-9a-fA-F]{6,64}", text):
        return "hex digits alone name a commit"
    if bad := re.search(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//", text):
        return f"{bad.group()!r} is not allowed in it"
    if text == "@" or text.casefold() == "head" or text[0] in "-#":
        return "it is reserved or starts with '-' or '#'"
    if not all(parts) or text.endswith("."):
        return "it starts or ends with '/', or ends with '.'"
    if any(p.startswith(".") or p.endswith(".lock") for p in parts):
        return "a part starts with '.' or ends with '.lock'"
    return None


# --------------------------------------------------------------------------------------------------------------------
# References

RefKind = Literal["any", "branch", "tag", "commit"]
_PREFIX = re.compile(r"(branch|tag|commit):(.*)", re.DOTALL)
_STEPS = re.compile(r"(?:[~^][0-9]*)*\Z")
_STEP = re.compile(r"([~^])([0-9]*)")
_MAX_STEP = 10**9


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A parsed reference. Exactly one of ``name`` and ``number`` is set.

    Attributes
    ----------
    text
        What was typed.
    kind
        ``"any"``, or what a prefix such as ``branch:`` demands.
    name
        Branch, tag or leading hex digits of a commit.
    number
        The dataset's own sequence number, from ``#n``.
    at
        A moment in microseconds UTC: where the name pointed then, by the ref log.
    steps
        ``("~", n)`` goes back n commits along first parents, ``("^", n)`` goes to the n-th parent.
    """

    text: str
    kind: RefKind = "any"
    name: str | None = None
    number: int | None = None
    at: Micros | None = None
    steps: tuple[tuple[str, int], ...] = ()

    @property
    def maybe_commit(self) -> bool:
        """Whether the name could be the leading digits of a commit id."""
        return self.kind in ("any", "commit") and bool(re.fullmatch(r"[0-9a-fA-F]{6,64}", self.name or ""))

    def moved(self, steps: Sequence[tuple[str, int]]) -> Ref:
        """The same reference, some steps further back."""
        return replace(self, steps=(*self.steps, *steps))

    def renamed(self, old: str, new: str) -> str:
        """The reference as text once a branch or tag is called otherwise; what a name meant at a time stays."""
        if self.name != old or self.at is not None or self.kind == "commit":
            return self.text
        prefix = "" if self.kind == "any" else f"{self.kind}:"
        return prefix + new + "".join(f"{mark}{count}" for mark, count in self.steps)

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read a reference: ``main``, ``v1.0~2``, ``3f2a9c``, ``#12^``, ``main@{2026-01-31}``, ``tag:x``.

        Raises
        ------
        InvalidInputError
            With ``kind`` INVALID_REF, when the text follows no form of the grammar.
        """
        kind, rest = _split_kind(text.strip())
        if match := re.fullmatch(r"(.+)@\{([^}]*)\}", rest):
            return cls(text=text, kind=kind, name=_ref_base(text, match[1]), at=_moment(text, match[2]))
        start = min((i for i in (rest.find("~"), rest.find("^")) if i >= 0), default=len(rest))
        base, tail = rest[:start], rest[start:]
        if not _STEPS.match(tail):
            raise _bad_ref(text, f"{tail!r} is neither ~n nor ^n")
        steps = tuple((mark, min(int(n or 1), _MAX_STEP)) for mark, n in _STEP.findall(tail))
        if re.fullmatch(r"#[0-9]{1,18}", base):
            return cls(text=text, kind=kind, number=int(base[1:]), steps=steps)
        return cls(text=text, kind=kind, name=_ref_base(text, base), steps=steps)


def _split_kind(text: str) -> tuple[RefKind, str]:
    if match := _PREFIX.fullmatch(text):
        return match[1], match[2]  # type: ignore[return-value]  # the pattern admits only RefKind's words
    return "any", text


def _ref_base(text: str, base: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{6,64}", base):
        return base
    if rule := _broken_ref_rule(base):
        raise _bad_ref(text, rule)
    return base


def _moment(text: str, inner: str) -> Micros:
    try:
        return read_moment(inner)
    except InvalidInputError as error:
        raise _bad_ref(text, f"{inner!r} is not a time such as 2026-01-31 or 2026-01-31T12:00:00+01:00") from error


def _bad_ref(text: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"{text!r} is not a reference: {why}.",
        kind=ErrorKind.INVALID_REF,
        next_step="Forms: main, v1.0, main~2, 3f2a9c, #12, main@{2026-01-31}.",
        details={"ref": text},
    )


def short(commit: str) -> str:
    """The 12 hex digits by which people see a commit."""
    return commit[:SHORT]


def evolve(value: T, **changes: Any) -> T:
    """A copy of a frozen value with some fields changed."""
    return replace(value, **changes)  # type: ignore[type-var]  # every value of ours is a dataclass
