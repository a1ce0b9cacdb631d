"""Fields have an id and a birth name for life, whatever they are called and hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.store import schemas
from jupyter_datasets.store.schemas import Column, Field, Schema


def _columns(**kinds: str) -> list[Column]:
    return [Column(name=name, type=kind) for name, kind in kinds.items()]


FLIGHTS = Schema.create(_columns(id="BIGINT", tags="VARCHAR[]", delay="INTEGER"))


def _ids(schema: Schema) -> dict[str, tuple[int, ...]]:
    return {f.name: (f.id, *f.nested) for f in schema.fields}


def _births(schema: Schema) -> list[str]:
    return [f.birth for f in schema.fields]


# --------------------------------------------------------------------------------------------------------------------
# Making


def test_ids_count_depth_first() -> None:
    """Parent before child, from 1."""
    schema = Schema.create(_columns(a="INTEGER", b="STRUCT(x INTEGER[], y MAP(VARCHAR, DATE))", c="DATE"))
    assert _ids(schema) == {"a": (1,), "b": (2, 3, 4, 5, 6, 7), "c": (8,)}
    assert schema.next_id == 9


def test_a_type_that_cannot_be_stored_is_refused() -> None:
    """The error names the column and the part of it."""
    with pytest.raises(InvalidInputError, match="'u'") as caught:
        Schema.create(_columns(a="INTEGER", u="UNION(n INTEGER, s VARCHAR)"))
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE


def test_a_birth_name_is_one_that_the_writer_takes() -> None:
    """Inside files names differ in more than case, and none is the writer's own."""
    schema = Schema.create([Column(name=name, type="DATE") for name in ("__duckdb_field_id", "A")])
    assert _births(schema) == ["__duckdb_field_id_2", "A"]
    assert schema.names == ["__duckdb_field_id", "A"]


def test_columns_are_found_whatever_their_case() -> None:
    """A field's name keeps its case; asking for it need not."""
    assert FLIGHTS.field("DELAY") == FLIGHTS.field("delay") == FLIGHTS.fields[2]
    with pytest.raises(NotFoundError, match="'delay'") as caught:
        FLIGHTS.field("dealy")
    assert caught.value.kind is ErrorKind.COLUMN_NOT_FOUND
    assert caught.value.details == {"column": "dealy", "suggestions": ["delay"]}


def test_a_column_that_resembles_none() -> None:
    """The error lists those that there are."""
    with pytest.raises(NotFoundError, match="Columns: id, tags, delay"):
        FLIGHTS.field("xyz")


# --------------------------------------------------------------------------------------------------------------------
# Replacing


def test_replacing_keeps_fields_by_name() -> None:
    """Known columns keep their ids in the data's order, new ones get the next ids, missing ones go."""
    changed = FLIGHTS.replaced_by(_columns(delay="INTEGER", origin="VARCHAR", id="BIGINT"))
    assert _ids(changed) == {"delay": (4,), "origin": (5,), "id": (1,)}
    assert changed.next_id == 6


def test_dropped_ids_are_never_used_again() -> None:
    """A column that comes back under its name is another one."""
    without = FLIGHTS.replaced_by(_columns(id="BIGINT"))
    again = without.replaced_by(_columns(id="BIGINT", delay="INTEGER"))
    assert _ids(again) == {"id": (1,), "delay": (5,)}
    assert again.next_id == 6


@pytest.mark.parametrize(
    ("kind", "nested"),
    [
        ("INTEGER", (2,)),
        ("VARCHAR[]", (2, 3)),
        ("INTEGER[]", (2, 5)),
        ("STRUCT(a INTEGER, b VARCHAR[])", (2, 5, 6, 7)),
    ],
)
def test_replacing_may_change_the_nesting(kind: str, nested: tuple[int, ...]) -> None:
    """A field keeps its id; what lies inside another type gets new ones, and the writer has one for each part."""
    changed = FLIGHTS.replaced_by(_columns(tags=kind))
    assert _ids(changed) == {"tags": nested}
    assert changed.next_id == max(5, nested[-1] + 1)
    assert changed.fields[0].type == kind
    assert all(str(number) in schemas.field_ids(changed) for number in nested)


def test_replacing_takes_the_datas_types_and_forgets_the_old_rows() -> None:
    """Nulls and defaults of rows that are gone do not count; the form of text stays with its type."""
    before = replace(
        FLIGHTS,
        fields=(
            Field(id=1, name="h", birth="b", type="HUGEINT", nullable=True, default="7", as_text=True),
            Field(id=2, name="d", birth="d", type="DATE", nullable=True, default="2026-01-31"),
        ),
    )
    after = before.replaced_by(_columns(h="HUGEINT", d="INTEGER"))
    assert after.fields == (
        Field(id=1, name="h", birth="b", type="HUGEINT", default="7", as_text=True),
        Field(id=2, name="d", birth="d", type="INTEGER"),
    )
    assert not before.replaced_by(_columns(h="BIGINT")).fields[0].as_text


def test_a_renamed_column_keeps_its_birth_name() -> None:
    """New data under the birth name is a new column, with a birth name of its own."""
    renamed = replace(FLIGHTS, fields=(replace(FLIGHTS.fields[0], name="key"), *FLIGHTS.fields[1:]))
    changed = renamed.replaced_by(_columns(key="BIGINT", id="BIGINT", ID_2="DATE"))
    assert _ids(changed) == {"key": (1,), "id": (5,), "ID_2": (6,)}
    assert _births(changed) == ["id", "id_2", "ID_2_2"]


# --------------------------------------------------------------------------------------------------------------------
# Appending


def test_appending_needs_no_order_and_not_all_columns() -> None:
    """The table's fields stay as they are; a column that the rows lack stays too."""
    assert FLIGHTS.appended_by(_columns(delay="INTEGER", id="BIGINT")) == FLIGHTS


def test_appending_refuses_another_column() -> None:
    """The error names the nearest one."""
    with pytest.raises(InvalidInputError, match="no column 'dely'") as caught:
        FLIGHTS.appended_by(_columns(id="BIGINT", dely="INTEGER"))
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert caught.value.details == {"column": "dely", "suggestions": ["delay"]}
    assert "'delay'" in caught.value.next_step


@pytest.mark.parametrize(
    ("table", "rows", "after"),
    [
        ("INTEGER", "SMALLINT", "INTEGER"),
        ("INTEGER", "BIGINT", "BIGINT"),
        ("INTEGER", "DOUBLE", "DOUBLE"),
        ("BIGINT", "HUGEINT", "HUGEINT"),
        ("DECIMAL(5,2)", "DECIMAL(9,4)", "DECIMAL(9,4)"),
        ("FLOAT", "DOUBLE", "DOUBLE"),
        ("ENUM('a', 'b')", "VARCHAR", "VARCHAR"),
        ("VARCHAR", "BIGINT", "VARCHAR"),
    ],
)
def test_appending_widens_where_old_segments_can_be_read_so(table: str, rows: str, after: str) -> None:
    """Only the schema changes; ids and birth names stay."""
    schema = Schema.create(_columns(x=table))
    changed = schema.appended_by(_columns(x=rows))
    assert changed == replace(schema, fields=(replace(schema.fields[0], type=after),))


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("BIGINT", "DOUBLE"),
        ("DATE", "TIMESTAMP"),
        ("DOUBLE", "VARCHAR"),
        ("BIGINT", "VARCHAR"),
        ("BOOLEAN", "VARCHAR"),
        ("JSON", "VARCHAR"),
        ("DATE", "INTEGER"),
        ("BLOB", "VARCHAR"),
        ("INTEGER[]", "BIGINT[]"),
        ("STRUCT(a INTEGER)", "STRUCT(b INTEGER)"),
    ],
)
def test_appending_refuses_text_and_what_would_need_rewriting(table: str, rows: str) -> None:
    """A type that old rows cannot be read as exactly, or text for what is none, is refused with a way out."""
    with pytest.raises(InvalidInputError, match="does not fit") as caught:
        Schema.create(_columns(x=table)).appended_by(_columns(x=rows))
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert set(caught.value.details) == {"column", "expected", "found"}
    assert caught.value.next_step


def test_appending_numbers_that_need_text() -> None:
    """A column of 38 digits cannot take 39; one that is stored as text can take both."""
    long = [Column(name="h", type="HUGEINT", as_text=True)]
    schema = Schema.create(_columns(h="HUGEINT"))
    with pytest.raises(InvalidInputError, match="38 digits"):
        schema.appended_by(long)
    text = Schema.create(long)
    assert text.appended_by(long) == text.appended_by(_columns(h="HUGEINT")) == text


# --------------------------------------------------------------------------------------------------------------------
# Form


def test_nulls_are_never_forgotten() -> None:
    """Once a null was met, a field is nullable until the table is replaced."""
    schema = FLIGHTS.with_nulls(frozenset({4})).with_nulls(frozenset({1, 99}))
    assert [f.nullable for f in schema.fields] == [True, False, True]


_FIELDS = st.builds(
    Field,
    id=st.integers(1, 2**31),
    name=st.text(min_size=1, max_size=5),
    birth=st.text(min_size=1, max_size=5),
    type=st.sampled_from(["BIGINT", "VARCHAR[]"]),
    nullable=st.booleans(),
    default=st.none() | st.text(max_size=3),
    as_text=st.booleans(),
    nested=st.lists(st.integers(1, 99), max_size=3).map(tuple),
)


@given(st.lists(_FIELDS, max_size=4), st.integers(1, 2**31))
def test_json_round_trip(fields: list[Field], next_id: int) -> None:
    """The canonical form gives the schema back, and says nothing of what has its usual value."""
    schema = Schema(fields=tuple(fields), next_id=next_id)
    assert Schema.from_json(schema.to_json()) == schema
    for written, f in zip(schema.to_json()["fields"], fields, strict=True):
        unusual = {"nullable": f.nullable, "default": f.default is not None, "form": f.as_text, "nested": f.nested}
        assert set(written) == {"id", "name", "birth", "type"} | {key for key, value in unusual.items() if value}


def test_the_json_of_a_field() -> None:
    """Schemas lie in every table root, so their form is this for ever."""
    full: dict[str, Any] = {
        "id": 1,
        "name": "n",
        "birth": "b",
        "type": "HUGEINT[]",
        "nullable": 1,
        "default": "",
        "form": "text",
        "nested": [2],
    }
    assert Field.from_json(full).to_json() == full


def test_reader_map_is_a_map_of_duckdb() -> None:
    """Names and defaults are texts in it, whatever they hold."""
    hostile = Field(id=7, name="x", birth='it\'s "b"', type="VARCHAR", default="'; DROP")
    found = schemas.reader_map(Schema(fields=(hostile,), next_id=8))
    assert found == {
        "key": [7],
        "value": [{"name": 'it\'s "b"', "type": "VARCHAR", "default_value": "'; DROP"}],
    }


def test_field_ids_of_any_nesting() -> None:
    """The writer's option names every part by its quoted name and id."""
    schema = Schema.create(_columns(**{'q"': 'STRUCT("a b" INTEGER, m MAP(VARCHAR, DATE[]))', "z": "DATE"}))
    assert schemas.field_ids(schema) == (
        '{"q""": {__duckdb_field_id: 1, "a b": 2, "m": {__duckdb_field_id: 3, "key": 4, '
        '"value": {__duckdb_field_id: 5, "element": 6}}}, "z": 7}'
    )
