"""The input space of an example frame: types and missing values as seen, least and greatest values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import Data, open_frame
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import plain
from pytest_mlops.stages.contract.space import Field, Schema, Seen, Space

if TYPE_CHECKING:
    import narwhals as nw

SENT = 100  # rows of an example that are sent
_TEXTS = 200  # of a column that are compared with what another source allows


def space_of_example(example: Data) -> Space:
    """Return the input space that an example shows, and its first rows.

    A column without any value tells no type. A column of floats that has missing values and whole numbers alone
    holds integers: pandas has no other way to keep them.

    Raises
    ------
    DeclarationError
        When it is no frame, or one without rows.
    """
    frame = open_frame(example)
    if not len(frame):
        raise DeclarationError("example must have rows, got an empty frame")
    columns = [_column(frame[name]) for name in frame.columns]
    fields = tuple(field for field, _ in columns)
    return Space(
        source="the example",
        fields=fields,
        prediction={},
        rows=_rows(frame.head(SENT), fields),
        seen={field.name: seen for field, seen in columns},
    )


def _column(series: nw.Series[Any]) -> tuple[Field, Seen]:
    import narwhals as nw

    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(value=True)
    filled, nulls = series.filter(~missing), bool(missing.any())
    said, schema = _type_of(filled, whole=nulls) if len(filled) else ("nothing but nulls", {})
    values: list[Any] = []
    if len(filled) and not isinstance(series.dtype, nw.Object):
        ordered = series.dtype.is_numeric() or series.dtype.is_temporal()
        values = [filled.min(), filled.max()] if ordered else filled.unique().head(_TEXTS).to_list()
    told = tuple(sorted({_value(value, schema): None for value in values if _is_scalar(value)}, key=repr))
    return Field(name=series.name, schema=schema, said=said, nullable=nulls), Seen(values=told, nulls=nulls)


def _is_scalar(value: object) -> bool:
    return not isinstance(value, list | dict | set)


def _type_of(filled: nw.Series[Any], *, whole: bool) -> tuple[str, Schema]:
    import narwhals as nw

    dtype = filled.dtype
    if isinstance(dtype, nw.Boolean):
        return "boolean", {"type": "boolean"}
    if dtype.is_integer():
        return "integer", {"type": "integer"}
    if dtype.is_numeric():
        integers = whole and bool((filled == filled.round(0)).all())
        return ("integer", {"type": "integer"}) if integers else ("number", {"type": "number"})
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
        return "string", {"type": "string"}
    if dtype.is_temporal():
        return "time", {"type": "string"}
    return str(dtype).lower(), {}


def _rows(frame: nw.DataFrame[Any], fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    schemas = {field.name: field.schema for field in fields}
    return [{name: _value(value, schemas[name]) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def _value(value: Any, schema: Schema) -> Any:
    """Return a value of a cell as JSON has it: null for what is missing."""
    if value is None or value != value or type(value).__name__ in {"NAType", "NaTType"}:  # noqa: PLR0124 - NaN alone
        return None
    said = plain(value)
    return int(said) if schema.get("type") == "integer" and isinstance(said, float) else said
