"""Names, references, ids and times."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.values import (
    Actor,
    Micros,
    Ref,
    check_file_name,
    check_limit,
    check_name,
    check_ref_name,
    check_text,
    from_datetime,
    moment_text,
    name_key,
    nearest,
    new_id,
    now,
    read_moment,
    repair_columns,
    repair_name,
    to_datetime,
)

# ----------------------------------------------------------------------------------------------------- dataset names


@pytest.mark.parametrize("name", ["a", "_", "flights", "Flüge 2013", "a-b_c d", "_1", "数据", "x" * 100])
def test_names_of_letters_digits_underscore_hyphen_and_space_are_kept(name: str) -> None:
    assert check_name(name) == name


def test_a_name_is_kept_in_nfc() -> None:
    assert check_name(unicodedata.normalize("NFD", "Café")) == unicodedata.normalize("NFC", "Café")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "empty"),
        ("x" * 101, "101 characters"),
        ("1a", "start with a letter"),
        ("-a", "start with a letter"),
        (" a", "start with a letter"),
        ("a.b", "'.'"),
        ("a/b", "'/'"),
        ("a\nb", "'\\n'"),
        ("a\0", "'\\x00'"),
        ("a;b", "';'"),
        ('a"b', "'\"'"),
        ("a\u202eb", "'\\u202e'"),
        ("a ", "ends with a space"),
        ("a\udce4", "is not a letter"),
        *((word, "reserved") for word in ("py", "ME", "Head", "information_schema", "PG_CATALOG")),
    ],
)
def test_a_name_that_breaks_a_rule_is_refused_with_the_rule_and_a_repair(name: str, rule: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_name(name)
    assert caught.value.kind is ErrorKind.INVALID_NAME
    assert rule in caught.value.message
    assert caught.value.details["suggestion"] in caught.value.next_step


def test_the_message_says_what_was_to_be_named() -> None:
    with pytest.raises(InvalidInputError, match="name of a table"):
        check_name("", "table")


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("2024-sales (1)", "_2024-sales _1"),
        ("a..b//c", "a_b_c"),
        ("__a__", "a"),
        ("...", "table"),
        ("", "table"),
        ("py", "py_"),
        (" a ", "a"),
        ("x" * 200, "x" * 100),
    ],
)
def test_any_text_is_repaired_to_a_name(text: str, repaired: str) -> None:
    assert repair_name(text) == repaired


@given(st.text(alphabet=st.characters(codec=None)))
def test_a_repaired_name_breaks_no_rule_and_needs_no_repair(text: str) -> None:
    repaired = repair_name(text)
    assert check_name(repaired) == repaired
    assert repair_name(repaired) == repaired or repaired.endswith("_") or repaired.startswith("_")


@pytest.mark.parametrize(
    ("names", "repaired"),
    [
        (["a", "b"], ["a", "b"]),
        (["", "a", ""], ["column_1", "a", "column_3"]),
        (["a", "A", "a"], ["a", "A_2", "a_3"]),
        (["a", "A", "a_2"], ["a", "A_3", "a_2"]),
        (["column_2", ""], ["column_2", "column_2_2"]),
        (["STRASSE", "straße"], ["STRASSE", "straße_2"]),
        (["a\0b", "a_b"], ["a_b_2", "a_b"]),
        ([" ", "😀", 'q"', "it's", "select"], [" ", "😀", 'q"', "it's", "select"]),
    ],
)
def test_names_of_columns_are_repaired(names: list[str], repaired: list[str]) -> None:
    """They must not be empty, hold NUL or differ in case alone; one that is fine is not changed for another's sake."""
    found, changed = repair_columns(names)
    assert found == repaired
    assert changed == {i: new for i, (old, new) in enumerate(zip(names, repaired, strict=True), 1) if old != new}


def test_names_that_differ_in_case_or_composition_share_their_key() -> None:
    assert name_key("STRASSE") == name_key("straße")
    assert name_key(unicodedata.normalize("NFD", "É")) == name_key("é")
    assert name_key("a") != name_key("b")


# -------------------------------------------------------------------------------------------------------- file names


@pytest.mark.parametrize("name", ["code book.pdf", "a;b\"c'd<e>", "ä" * 127, ".hidden", "\u202egpj.exe"])
def test_files_may_be_called_anything_without_slash_and_control_characters(name: str) -> None:
    assert check_file_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "a\nb", "a\x85b", "ä" * 128, "a\udce4"])
def test_a_file_name_that_breaks_a_rule_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_file_name(name)
    assert caught.value.kind is ErrorKind.INVALID_NAME


# ----------------------------------------------------------------------------------------------------- branches, tags


@pytest.mark.parametrize("name", ["main", "v1.0", "2024", "fix/delays", "abcde", "a@b", "ä", "x" * 200, "deadbeef-1"])
def test_branches_and_tags_follow_gits_rules(name: str) -> None:
    assert check_ref_name(name) == name


BAD_REF_NAMES = [
    "",
    "x" * 201,
    "abcdef",
    "ABCDEF0123",
    "a" * 64,
    "@",
    "HEAD",
    "head",
    "-a",
    "#1",
    "/a",
    "a/",
    "a//b",
    "a.",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a..b",
    "a@{b",
    *(f"a{c}b" for c in " ~^:?*[\\\x7f\t\n\0\udce4"),
]


@pytest.mark.parametrize("name", BAD_REF_NAMES)
def test_a_branch_name_that_breaks_a_rule_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_ref_name(name)
    assert caught.value.kind is ErrorKind.INVALID_NAME
    assert caught.value.next_step


# --------------------------------------------------------------------------------------------------------- references

NOON = Micros(1_769_860_800_000_000)  # 2026-01-31 12:00 UTC
REFS: dict[str, dict[str, Any]] = {
    "main": {"name": "main"},
    " main ": {"name": "main"},
    "v1.0": {"name": "v1.0"},
    "fix/delays": {"name": "fix/delays"},
    "2024": {"name": "2024"},
    "3f2a9c": {"name": "3f2a9c"},
    "a" * 64: {"name": "a" * 64},
    "#12": {"number": 12},
    "#0": {"number": 0},
    "main~": {"name": "main", "steps": (("~", 1),)},
    "main~2": {"name": "main", "steps": (("~", 2),)},
    "main~0": {"name": "main", "steps": (("~", 0),)},
    "main^": {"name": "main", "steps": (("^", 1),)},
    "main^2~3^": {"name": "main", "steps": (("^", 2), ("~", 3), ("^", 1))},
    "main~~": {"name": "main", "steps": (("~", 1), ("~", 1))},
    "#12^2": {"number": 12, "steps": (("^", 2),)},
    "3f2a9c~4": {"name": "3f2a9c", "steps": (("~", 4),)},
    "main~99999999999999999999": {"name": "main", "steps": (("~", 10**9),)},
    "main@{2026-01-31}": {"name": "main", "at": Micros(NOON - 43_200_000_000)},
    "main@{2026-01-31T12:00}": {"name": "main", "at": NOON},
    "main@{ 2026-01-31 12:00:00 }": {"name": "main", "at": NOON},
    "main@{2026-01-31T13:00:00+01:00}": {"name": "main", "at": NOON},
    "main@{2026-01-31T12:00:00.000001Z}": {"name": "main", "at": Micros(NOON + 1)},
    "v1@2@{2026-01-31T12:00}": {"name": "v1@2", "at": NOON},
    "branch:main": {"kind": "branch", "name": "main"},
    "tag:v1~1": {"kind": "tag", "name": "v1", "steps": (("~", 1),)},
    "commit:3f2a9c": {"kind": "commit", "name": "3f2a9c"},
    "branch:main@{2026-01-31T12:00}": {"kind": "branch", "name": "main", "at": NOON},
}


@pytest.mark.parametrize(("text", "parts"), REFS.items(), ids=REFS.keys())
def test_every_form_of_reference_is_read(text: str, parts: dict[str, Any]) -> None:
    assert Ref.parse(text) == Ref(text=text, **parts)


BAD_REFS = [
    *(name for name in BAD_REF_NAMES if name not in ("abcdef", "ABCDEF0123", "a" * 64, "#1")),
    "#",
    "#x",
    "#-1",
    "#1.5",
    "#" + "9" * 19,
    "~1",
    "^",
    "main~x",
    "main~1x",
    "main^-1",
    "main~1.5",
    "main@{}",
    "main@{yesterday}",
    "main@{2026-13-01}",
    "main@{2026-01-31",
    "main@{2026-01-31}~2",
    "@{2026-01-31}",
    "#3@{2026-01-31}",
    "main@{0001-01-01T00:00:00+14:00}",
    "main@{9999-12-31T23:59:59-14:00}",
    "tag:",
    "tag:a b",
    "branch:tag:x",
    "nothing:main",
]


@pytest.mark.parametrize("text", BAD_REFS)
def test_a_malformed_reference_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Ref.parse(text)
    assert caught.value.kind is ErrorKind.INVALID_REF
    assert "main~2" in caught.value.next_step
    assert caught.value.details == {"ref": text}


@given(st.text())
def test_any_text_is_a_reference_or_an_error_of_ours(text: str) -> None:
    try:
        ref = Ref.parse(text)
    except InvalidInputError:
        return
    assert (ref.name is None) != (ref.number is None)


@pytest.mark.parametrize(
    ("text", "maybe"),
    [
        ("3f2a9c", True),
        ("commit:3f2a9c", True),
        ("tag:3f2a9c", False),
        ("3f2a9", False),
        ("main", False),
        ("#3", False),
    ],
)
def test_six_hex_digits_may_be_a_commit_unless_a_prefix_says_otherwise(text: str, maybe: bool) -> None:
    assert Ref.parse(text).maybe_commit is maybe


def test_a_reference_can_be_moved_further_back() -> None:
    assert Ref.parse("main~1").moved([("^", 2)]).steps == (("~", 1), ("^", 2))


# ------------------------------------------------------------------------------------------------------- ids and times


def test_ids_are_uuid7_and_sort_by_the_order_in_which_they_were_made() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {(UUID(i).version, UUID(i).variant) for i in ids} == {(7, "specified in RFC 4122")}


def test_ids_of_several_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [new_id() for _ in range(500)], range(8)))
    assert len({i for ids in made for i in ids}) == 4000
    assert all(ids == sorted(ids) for ids in made)


def test_an_id_tells_when_it_was_made() -> None:
    assert abs(int(new_id().replace("-", "")[:12], 16) * 1000 - now()) < 60_000_000


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_a_moment_survives_the_way_through_microseconds(moment: datetime) -> None:
    assert from_datetime(to_datetime(from_datetime(moment))) == from_datetime(moment)


def test_a_time_without_zone_is_utc() -> None:
    naive = datetime(2026, 1, 31, 12)
    assert from_datetime(naive) == NOON == from_datetime(naive.replace(tzinfo=UTC))
    assert from_datetime(datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))) == NOON
    assert to_datetime(NOON).isoformat() == "2026-01-31T12:00:00+00:00"


# -------------------------------------------------------------------------------------------------------------- others


def test_the_nearest_words_are_offered_without_regard_to_case() -> None:
    assert nearest("FLIGTHS", ["airports", "flights", "planes"]) == ["flights"]
    assert nearest("zzz", ["airports"]) == []
    assert nearest("search", ["branch"]) == []


def test_a_moment_is_shown_to_the_second_in_utc() -> None:
    assert moment_text(Micros(1_769_860_800_999_999)) == "2026-01-31 12:00:00 UTC"


def test_the_local_actor_is_the_same_at_each_call() -> None:
    assert Actor.local() == Actor.local()
    assert Actor.local().id == f"local:{Actor.local().name}"


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_is_neither_empty_nor_endless(limit: int) -> None:
    with pytest.raises(InvalidInputError):
        check_limit(limit)
    assert check_limit(1) == 1


@pytest.mark.parametrize("text", ["a\0", "a\udce4"])
def test_text_that_a_catalog_cannot_keep_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="The message"):
        check_text(text, "The message")
    assert check_text("a\n\u202e", "The message") == "a\n\u202e"
    with pytest.raises(InvalidInputError, match="The message is text, and no NoneType"):
        check_text(None, "The message")  # type: ignore[arg-type]  # as users may


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+00:00", "2026-01-31T23:59:59.999999+00:00"),
        (" 2026-01-31T12:00 ", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00+00:00", "2026-01-31T11:00:00+00:00"),
        (date(2026, 1, 31), "2026-01-31T00:00:00+00:00", "2026-01-31T23:59:59.999999+00:00"),
        (datetime(2026, 1, 31), "2026-01-31T00:00:00+00:00", "2026-01-31T00:00:00+00:00"),
        (datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=1))), "2026-01-30T23:00:00+00:00", None),
    ],
)
def test_a_moment_is_read_as_people_give_it_and_a_day_has_two_ends(value: Any, first: str, last: str | None) -> None:
    assert to_datetime(read_moment(value)).isoformat() == first
    assert to_datetime(read_moment(value, last=True)).isoformat() == (last or first)


@pytest.mark.parametrize("value", ["", "yesterday", "2026-13-01", "9999-12-31T23:59:59-23:00", 5, None])
def test_what_is_no_moment_is_refused_and_shown_how(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="2026-01-31"):
        read_moment(value)


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("fix", "mend"),
        ("branch:fix", "branch:mend"),
        ("fix~2^", "mend~2^1"),
        ("fix@{2026-01-31}", "fix@{2026-01-31}"),
        ("fixed", "fixed"),
        ("#3", "#3"),
    ],
)
def test_a_reference_follows_a_rename_unless_it_names_a_time(text: str, renamed: str) -> None:
    assert Ref.parse(text).renamed("fix", "mend") == renamed
