"""Which texts become values, and that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_datasets.engine.fitting import PROPOSALS, check_for, wider_types
from jupyter_datasets.engine.quick import quick_values


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(connection: duckdb.DuckDBPyConnection, text: str, kind: str, declared: bool) -> tuple[object, bool]:
    check = check_for(kind, declared=declared)
    query = f"SELECT v::VARCHAR, {check.fits('t', 'v')} FROM (SELECT t, {check.value('t')} AS v FROM (SELECT ? AS t))"
    [(value, fits)] = connection.execute(query, [text]).fetchall()
    return value, fits


PROPOSED = {
    "BOOLEAN": (["true", "False", "TRUE"], ["0", "1", "t", "yes", "truthy"]),
    "BIGINT": (
        ["0", "-5", "9223372036854775807", " 12 "],
        ["007", "+5", "-0", "1.5", "1.0", "1e3", "0x1F", "1_000", "9223372036854775808", "x", ""],
    ),
    "DECIMAL(38,0)": (["12345678901234567890", "0"], ["1.0", "1.5", "007", "1e3", "9" * 39]),
    "DECIMAL(10,2)": (["1", "1.5", "1.500", "-0.25", ".5"], ["1.234", "01.5", "+1", "1e1", "123456789.1"]),
    "DOUBLE": (
        ["1.5", "0.10", "-.5", "5.", "1e5", "1E-3", "NaN", "inf", "-Infinity", "9007199254740992", "0.1234567890123456",
         "1.000000000000000056e-01", "0.10000000000000000000", "3.141592653589793", "0", "-0", "0.000000000"],
        ["007", "00.5", "-00.5", "+1.5", "1e400", "1e-400", "1_0.5", "9007199254740993", "12345678901234567890.12",
         "0x1p3", "1,5", "1.5.2", "12345678901234567891", "0.12345678901234567"],
    ),
    "DATE": (
        ["1996-03-13", "1996-3-1", "1996/03/13", "0999-12-31"],
        ["96-03-13", "infinity", "epoch", "1996-03-13 10:00", "1996-13-01", "13.03.1996", "1-1-1 0:00"],
    ),
    "TIMESTAMP": (
        ["1996-03-13 10:00", "1996-03-13T10:00:00.123456", "1996-03-13", "1996-03-13 10:00:00.1234560"],
        ["1996-03-13T10:00:00Z", "1996-03-13 10:00:00+02", "1996-03-13 10:00:00.1234567", "infinity",
         "1996-03-13 10:00:00 Europe/Berlin", "1996-03-13 10:00+02", "1996-03-13 10"],
    ),
    "TIMESTAMP WITH TIME ZONE": (
        ["1996-03-13T10:00:00Z", "1996-03-13 10:00:00+00:00"],
        ["1996-03-13 10:00:00", "1996-03-13 10:00:00+02:00", "1996-03-13 10:00:00 Europe/Berlin"],
    ),
    "TIME": (["10:00:00", "23:59:59.5"], ["10:00", "25:00:00", "10:00:00+02", "10:00:00.1234567"]),
    "UUID": (["7e57d004-2b97-0e7a-b45f-5387367791cd"], ["7e57d004"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROPOSED)
def test_a_proposed_type_takes_usual_texts_only(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    good, bad = PROPOSED[kind]
    assert {text: read(connection, text, kind, False)[1] for text in good} == dict.fromkeys(good, True)
    assert {text: read(connection, text, kind, False)[1] for text in bad} == dict.fromkeys(bad, False)


DECLARED = {
    "BIGINT": (["007", "+5", "1.0", "-0"], ["1.5", "1e3", "0x1F", "1_000", "", "9223372036854775808"]),
    "DECIMAL(10,2)": (["01.5", "+1.50", "1.500"], ["1.234", "1e1", "123456789.1"]),
    "DOUBLE": (["007.5", "+1", "12345678901234567890.12", "nan"], ["1e400", "1_0", "x"]),
    "BOOLEAN": (["1", "no", "Y", "f"], ["2", "maybe"]),
    "TIMESTAMP WITH TIME ZONE": (["1996-03-13 10:00:00+02:00", "1996-03-13 10:00:00"], ["soon"]),
    "TIMESTAMP": (["1996-03-13 10:00:00"], ["1996-03-13 10:00:00+02:00"]),
    "TIME": (["10:00"], ["10:00:00+02"]),
    "ENUM('a', 'b')": (["a"], ["c"]),
}


@pytest.mark.parametrize("kind", DECLARED)
def test_a_declared_type_takes_what_keeps_the_value(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    good, bad = DECLARED[kind]
    assert {text: read(connection, text, kind, True)[1] for text in good} == dict.fromkeys(good, True)
    assert {text: read(connection, text, kind, True)[1] for text in bad} == dict.fromkeys(bad, False)


@pytest.mark.parametrize("kind", [*PROPOSALS, "INTEGER", "UUID", "INTERVAL", "DECIMAL(9,3)", "FLOAT"])
def test_every_type_can_be_widened_until_it_is_text(kind: str) -> None:
    assert wider_types(kind)[-1] == "VARCHAR"
    assert kind not in wider_types(kind)


def test_a_decimal_is_widened_before_its_point_and_behind() -> None:
    """As long as it keeps the digits that it has."""
    assert wider_types("DECIMAL(10,2)")[:6] == (
        *("DECIMAL(18,2)", "DECIMAL(38,2)", "DECIMAL(18,4)", "DECIMAL(38,4)", "DECIMAL(18,6)", "DECIMAL(38,6)"),
    )
    assert wider_types("DECIMAL(38,30)") == ("DOUBLE", "VARCHAR")
    assert wider_types("DECIMAL(30,0)")[:3] == ("DECIMAL(38,0)", "DECIMAL(38,4)", "DECIMAL(38,6)")


def test_a_moment_is_widened_to_finer_ones() -> None:
    assert wider_types("TIMESTAMP_S") == ("TIMESTAMP_MS", "TIMESTAMP", "VARCHAR")


QUICK = {
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "SMALLINT": pa.int16(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}
_pieces = st.sampled_from(
    [*"0123456789", "00", "-", "+", ".", "e", "E", "x", "0x", ":", " ", "T", "Z", "_", "inf", "nan"]
)
_texts = st.one_of(
    st.lists(_pieces, max_size=8).map("".join),
    st.integers().map(str),
    st.floats().map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.dates().map(str),
    st.sampled_from(
        [
            "true",
            "FALSE",
            "1",
            "1996-03-13 10",
            "1996-03-13 10Z",
            "-0x1F",
            "0xFFFFFF",
            "00",
            "-0",
            "-007",
            "-nan",
            "-inf",
        ]
    ),
)


@given(_texts)
def test_the_quick_casts_accept_nothing_that_the_checks_refuse(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    for kind, arrow in QUICK.items():
        quick = quick_values(pa.array([text, None], pa.string()), arrow)
        if quick is not None:
            value, fits = read(connection, text, kind, False)
            assert fits, (text, kind)
            connection.register("quick", pa.table({"q": quick}))
            same = connection.execute("SELECT q::VARCHAR FROM quick").fetchall()
            assert same == [(value,), (None,)], (text, kind)


@example(2.0**-24)  # halfway between two texts of its shortest length
@given(st.floats(allow_nan=False))
def test_every_double_survives_in_any_usual_writing(connection: duckdb.DuckDBPyConnection, number: float) -> None:
    for text in (repr(number), f"{number:.17g}", f"{number:.18e}"):
        value, fits = read(connection, text, "DOUBLE", False)
        assert fits, text
        assert float(str(value)) == number


def test_quick_casts_leave_unusual_texts_alone() -> None:
    unusual = {
        "BIGINT": ["007", "-0", "NA", " 5"],
        "DOUBLE": ["+1", "007.5", "-07", "NaN", "-nan", "-inf", "1e999", "1e-400"],
        "BOOLEAN": ["1"],
    }
    for kind, texts in unusual.items():
        for text in texts:
            assert quick_values(pa.array([text]), QUICK[kind]) is None, text
    assert quick_values(pa.array(["12", "-7", None, "0"]), pa.int64()).to_pylist() == [12, -7, None, 0]
    assert quick_values(pa.array([], pa.string()), pa.float64()).to_pylist() == []
