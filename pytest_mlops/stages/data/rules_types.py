"""Rules about the type of a column, by the names that NumPy, pandas, Python, SQL and Spark have for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import present, rows_in
from pytest_mlops.stages.data.outcome import Outcome
from pytest_mlops.stages.data.rule import Call, NotCompiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.table import Table

_NAMES = {
    "Int8": "int8 tinyint bytetype byte",
    "Int16": "int16 smallint shorttype short",
    "Int32": "int32 integer integertype intc",
    "Int64": "int64 int long bigint longtype int_ intp longlong",
    "UInt8": "uint8 utinyint",
    "UInt16": "uint16 usmallint",
    "UInt32": "uint32 uinteger",
    "UInt64": "uint64 ubigint uint",
    "Float32": "float32 real floattype single",
    "Float64": "float64 float double doubletype float_",
    "Boolean": "bool boolean booleantype bool_",
    "String": "str string string_types varchar text stringtype stringdtype str_ unicode",
    "Categorical": "category categorical categoricaldtype categoricaldtypetype",
    "Enum": "category categorical categoricaldtype categoricaldtypetype enum",
    "Datetime": "datetime64 datetime timestamp timestamptype timestamp_ntz "
    "datetime64[ns] datetime64[us] datetime64[ms]",
    "Date": "date datetype",
    "Decimal": "decimal decimaltype numeric",
    "Duration": "timedelta64 timedelta interval duration",
}
_KNOWN = {name for names in _NAMES.values() for name in names.split()} | {"object", "object_", "o"}


def be_of_type(call: Call) -> Measuring:
    """Hold a column of one type."""
    return _typed(call, [call["type_"]])


def be_in_type_list(call: Call) -> Measuring:
    """Hold a column of one of some types."""
    if not isinstance(call["type_list"], list) or not call["type_list"]:
        raise DeclarationError(f"type_list must be a list of type names, got {call['type_list']!r}")
    return _typed(call, call["type_list"])


def _typed(call: Call, wanted: Sequence[Any]) -> Measuring:
    if call.table.kind(call.column) == "other":
        raise NotCompiled(f"column {call.column!r} holds Python objects, which have a type each")
    names = {str(name).lower() for name in wanted}
    if not names & _KNOWN:
        raise DeclarationError(f"there is no type {', '.join(map(repr, wanted))}")
    found = _type_names(call.table, call.column)
    _, seen = yield rows_in(call.rows), present(call.column, call.rows)
    return Outcome(success=bool(names & found), seen=seen, note=f"the column is {min(found)!r}" if found else "")


def name_of_type(table: Table, column: str) -> str:
    """Return the name that people know for a column's type, empty where there is none."""
    names = _NAMES.get(str(table.types[column]).partition("(")[0], "").split()
    return names[0] if names else ""


def _type_names(table: Table, column: str) -> set[str]:
    return set(_NAMES.get(str(table.types[column]).partition("(")[0], "").split())
