"""What is declared of tables, as users write and see it, over every transport."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import TableEdit
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError


@pytest.fixture
def shop(trips: Dataset) -> Dataset:
    """A table with a key, rules, comments and units, and two rows."""
    with trips.edit() as edit:
        edit["prices"].create(
            {"item": "VARCHAR", "price": "DECIMAL(9,2)", "seen": "DATE"},
            key="item",
            required="price",
            unique=[("price", "seen")],
            checks={"positive": "price > 0"},
            comments={"price": "without <tax>"},
            units={"price": "EUR"},
            defaults={"seen": "2020-01-01"},
        )
        edit["prices"].append(pa.table({"item": ["a", "b"], "price": [Decimal("1.50"), Decimal("2.50")]}))
    return trips


def _change(dataset: Dataset, change: Any) -> None:
    with dataset.edit() as edit:
        change(edit["prices"])


def test_a_declared_table_shows_what_it_is(shop: Dataset) -> None:
    """Its schema tells types, key, rules, defaults, units and comments, also in HTML, and is an Arrow schema."""
    schema = shop["main"]["prices"].schema
    assert repr(schema).splitlines() == [
        "column  type          rules                         unit  comment",
        "item    VARCHAR       key, no nulls",
        "price   DECIMAL(9,2)  not null                      EUR   without <tax>",
        "seen    DATE          no nulls, default 2020-01-01",
        "unique (price, seen)",
        "check positive: price > 0",
    ]
    assert "without &lt;tax&gt;" in schema._repr_html_()
    assert (schema.key, schema.unique, schema.checks[0].expression) == (("item",), (("price", "seen"),), "price > 0")
    arrow = shop["main"]["prices"].to_arrow().schema
    assert (schema, arrow, pa.schema(schema)) == (arrow, schema, arrow)
    assert (schema.names, len(schema), schema.field("seen").type) == (["item", "price", "seen"], 3, pa.date32())
    assert shop["main"]["prices"].to_arrow()["seen"].to_pylist()[0].year == 2020


CHANGES: dict[str, Any] = {
    "add": lambda t: t.add_column("n", "INTEGER", 7, required=True, comment="count", unit="1"),
    "drop": lambda t: (t.drop_unique("seen", "price"), t.drop_column("seen")),
    "rename": lambda t: t.rename_column("price", "cost"),
    "widen": lambda t: t.widen("price", "DECIMAL(12,3)"),
    "describe": lambda t: t.describe("item", comment="what"),
    "require": lambda t: t.require("seen", "item"),
    "allow nulls": lambda t: t.allow_nulls("price"),
    "unique": lambda t: t.add_unique("price"),
    "check": lambda t: t.add_check("length(item) < 3"),
    "drop a check": lambda t: t.drop_check("positive"),
}
SEEN = {
    "add": [("added", None, "n INTEGER not null default 7 [1] -- count")],
    "drop": [
        ("removed", "seen DATE no nulls default 2020-01-01", None),
        ("removed", "UNIQUE (price, seen)", None),
    ],
    "rename": [
        (
            "changed",
            "price DECIMAL(9,2) not null [EUR] -- without <tax>",
            "cost DECIMAL(9,2) not null [EUR] -- without <tax>",
        )
    ],
    "unique": [("added", None, "UNIQUE (price)")],
    "check": [("added", None, "CHECK item_check (length(item) < 3)")],
    "drop a check": [("removed", "CHECK positive (price > 0)", None)],
}


def test_each_change_is_a_version_and_a_difference(shop: Dataset) -> None:
    """All changes are commits of their own, told by the difference, with the same rows before and after."""
    start = shop["main"].commit.id
    for name, change in CHANGES.items():
        shop.branch(name.replace(" ", "-"), at=start)
        with shop.edit(name.replace(" ", "-")) as edit:
            change(edit["prices"])
        assert edit.commit is not None, name
        diff = shop.diff(start, edit.commit.id)
        lines = [tuple(line.values()) for line in diff["prices"].schema().to_pylist()]
        assert lines == SEEN.get(name, lines), name
        assert len(lines) >= 1, name
        assert diff["prices"].counts == (0, 0, 0), name
        assert "rules that differ" in repr(diff)


def test_broken_rules_name_rows(shop: Dataset) -> None:
    """A violation tells the rule, the rows and how many, whatever the way rows came; nothing of the edit stays."""
    before = shop["main"].commit.id
    with (
        pytest.raises(InvalidInputError, match=r"positive \(price > 0\) fails for 2 rows") as caught,
        shop.edit() as edit,
    ):
        edit.sql("UPDATE prices SET price = -1 WHERE item <> 'c'")
    assert caught.value.kind is ErrorKind.CHECK_VIOLATION
    assert [row["item"] for row in caught.value.details["rows"]] == ["a", "b"]
    assert caught.value.details["count"] == 2
    with pytest.raises(InvalidInputError) as caught, shop.edit() as edit:
        edit.sql("INSERT INTO prices VALUES ('c', NULL, NULL)")
    assert (caught.value.kind, caught.value.details["column"]) == (ErrorKind.NOT_NULL_VIOLATION, "price")
    with pytest.raises(InvalidInputError) as caught, shop.edit() as edit:
        edit["prices"].upsert(pa.table({"item": ["c"], "price": [Decimal("1.50")], "seen": [date(2020, 1, 1)]}))
    assert caught.value.kind is ErrorKind.UNIQUE_VIOLATION
    assert shop["main"].commit.id == before


WRONG: dict[str, tuple[Any, type[DatasetsError]]] = {
    "a hostile check": (lambda t: t.add_check("(SELECT count(*) FROM read_csv('/etc/passwd')) > 0"), InvalidInputError),
    "an unknown type": (lambda t: t.add_column("x", "NONSENSE"), InvalidInputError),
    "a long type": (lambda t: t.add_column("x", "INT" + "[]" * 6000), InvalidInputError),
    "no type": (lambda t: t.add_column("x", ""), InvalidInputError),
    "a default that is rounded": (lambda t: t.add_column("x", "INTEGER", 1.5), InvalidInputError),
    "a default with too many digits": (lambda t: t.add_column("x", "DECIMAL(4,2)", 1.239), InvalidInputError),
    "a check that no row can be held to": (lambda t: t.add_check(f"price > {'9' * 44}"), InvalidInputError),
    "a default of many": (lambda t: t.add_column("x", "INT", [1]), InvalidInputError),
    "an unknown column": (lambda t: t.widen("prise", "DOUBLE"), NotFoundError),
    "no columns": (lambda t: t.require(), InvalidInputError),
    "a check that is no text": (lambda t: t.add_check(3), InvalidInputError),
    "a narrower type": (lambda t: t.widen("price", "INTEGER"), InvalidInputError),
    "a key column": (lambda t: t.drop_column("item"), InvalidInputError),
}


def test_wrong_changes_are_errors_of_ours(shop: Dataset) -> None:
    """Whatever is wrong with a change, its error says so, and the edit goes on."""
    with shop.edit() as edit:
        for change, error in WRONG.values():
            with pytest.raises(error):
                change(edit["prices"])
        with pytest.raises(NotFoundError):
            edit["nothing"].drop_column("x")
    assert edit.commit is None


WORDS: dict[str, Any] = {
    "A column needs a name.": lambda t: t.add_column("", "INTEGER"),
    "A column needs a name. ": lambda t: t.rename_column("price", ""),
    "A column needs a type.": lambda t: t.add_column("x", ""),
    "A check needs a name.": lambda t: t.add_check("price > 1", ""),
    "Name at least one column.": lambda t: t.require(),
    "Name at least one column. ": lambda t: t.add_unique(),
    "The expression of a check is text, and not 3.": lambda t: t.add_check(3),
    "The name of a column is text, and not 5.": lambda t: t.drop_column(5),
    "The comment of a column has at most 10,000 characters.": lambda t: t.describe("price", comment="x" * 10_001),
    "required cannot be 'maybe'.": lambda t: t.add_column("x", "INTEGER", required="maybe"),
}


def test_what_is_wrong_with_a_declaration_is_said_in_our_words(shop: Dataset) -> None:
    """Nothing is said of the classes that hold it."""
    with shop.edit() as edit:
        for words, change in WORDS.items():
            with pytest.raises(InvalidInputError) as caught:
                change(edit["prices"])
            assert caught.value.message == words.strip()
        with pytest.raises(InvalidInputError, match="A check needs a name"):
            edit["t"].create({"n": "BIGINT"}, checks={"": "n > 0"})


def test_a_table_is_declared_by_an_arrow_schema_too(trips: Dataset) -> None:
    """Fields that are not nullable are required; rows of that schema fit."""
    arrow = pa.schema([pa.field("n", pa.int64(), nullable=False), ("s", pa.list_(pa.string()))])
    with trips.edit() as edit:
        edit["t"].create(arrow, checks="n > 0", unique="n")
        edit["t"].append(pa.table({"n": [1], "s": [["x"]]}, schema=arrow))
    info = trips["main"]["t"].info
    assert [(c.type, c.required) for c in info.columns] == [("BIGINT", True), ("VARCHAR[]", False)]
    assert (info.unique, [c.name for c in info.checks]) == ((("n",),), ["n_check"])


@pytest.mark.parametrize(
    "options",
    [{"key": "x"}, {"required": ["x"]}, {"units": {"x": "m"}}, {"checks": "x > 0"}, {"unique": [("n", "n")]}],
    ids=lambda options: next(iter(options)),
)
def test_a_declaration_names_its_own_columns(trips: Dataset, options: dict[str, Any]) -> None:
    """Key, rules and notes of columns that are not there are refused before anything is made."""
    with trips.edit() as edit, pytest.raises(DatasetsError):
        edit["t"].create({"n": "BIGINT"}, **options)
    assert edit.commit is None


def test_declaring_is_part_of_a_retried_edit(shop: Dataset) -> None:
    """With ``retry=True`` a change of the schema is made again where somebody else's commit came first."""
    with shop.edit(retry=True) as edit:
        table: TableEdit = edit["prices"]
        table.add_column("n", "INTEGER")
        _change(shop, lambda t: t.describe("item", comment="what"))
    info = shop["main"]["prices"].info
    assert ([c.name for c in info.columns], info.columns[0].comment) == (["item", "price", "seen", "n"], "what")


def test_statements_make_and_alter_tables(repo: Repository, trips: Dataset) -> None:
    """CREATE TABLE and ALTER TABLE do what the methods do, inside an edit and alone."""
    with trips.edit() as edit:
        edit.sql(
            "CREATE TABLE trips.people (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE DEFAULT 'x', "
            "n DECIMAL(9,2), CONSTRAINT small CHECK (n < 100), CHECK (id > 0))"
        )
        edit.sql("INSERT INTO people VALUES (1, 'Ann', 2.5)")
        for action in (
            "ADD COLUMN age INTEGER NOT NULL DEFAULT 7",
            "RENAME COLUMN n TO amount",
            "ALTER COLUMN amount TYPE DECIMAL(12,3)",
            "ALTER COLUMN amount SET NOT NULL",
            "ALTER COLUMN age DROP NOT NULL",
            "RENAME TO persons",
        ):
            assert edit.sql(f"ALTER TABLE people {action}") == 0
    repo.execute("ALTER TABLE trips.persons DROP COLUMN age")
    info = trips["main"]["persons"].info
    assert [(c.name, c.type, c.required, c.default) for c in info.columns] == [
        ("id", "BIGINT", False, None),
        ("name", "VARCHAR", True, "x"),
        ("amount", "DECIMAL(12,3)", True, None),
    ]
    assert (info.key, info.unique) == (("id",), (("name",),))
    assert [(c.name, c.expression) for c in info.checks] == [("small", '"amount" < 100'), ("id_check", "id > 0")]
    with trips.edit() as edit, pytest.raises(NotFoundError):
        edit.sql("CREATE TABLE elsewhere.t (a INTEGER)")
