"""One training in a process of its own; what it returned is written without pickle, ready to be compared.

    python -P train_once.py REQUEST.json ANSWER_FOLDER

The request holds `module`, `function`, `seed`, `arguments` and `workdir`. In the answer folder stand
`answer.json`, with a `status` and for each aspect its leaves `{path: leaf}`, and `arrays.npz`, with one flat
array a type. A leaf is a plain value, a word such as `name:math.sqrt`, or `["array", type, shape, offset]`.
The standard library and NumPy alone.

What is not state, and is left out: versions, an `id()`, the number of threads, and the wall times that scikit-learn's
searches keep. Any other time stamp in a model is a real difference, since its bytes are new on every training;
as a float it stands as `time:` and its text, or a relative tolerance would excuse it in a fast training.
"""

from __future__ import annotations

import copyreg
import enum
import hashlib
import importlib
import inspect
import json
import os
import pathlib
import random
import sys
import time
import traceback
import types
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASPECTS = ("data_digest", "params", "fitted_state", "predictions", "metrics")
_ATTRIBUTES = {aspect: "model" if aspect == "fitted_state" else aspect for aspect in ASPECTS}
_NOT_STATE = frozenset({
    "_sklearn_version", "_stop_words_id", "n_threads", "_n_threads", "refit_time_",
    "mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time",
})  # fmt: skip
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)

Leaf = None | bool | int | float | str | list[Any]


class Walk:
    """A walk over any object that meets the same leaves in the same order in every process.

    Sets and dictionaries are sorted, functions and classes stand by their names, an object met again is
    `ref:` and the path where it was met first. What can't be looked into is `opaque:` and its type.
    """

    def __init__(self, workdir: str) -> None:
        self.leaves: dict[str, Leaf] = {}
        self.opaque: Counter[str] = Counter()
        self.arrays: dict[str, list[NDArray[Any]]] = {}
        self._workdir = workdir
        self._begun = time.time()
        self._seen: dict[int, tuple[str, object]] = {}  # with the object: an id is free again when its object dies
        self._sizes: Counter[str] = Counter()
        self._writers: tuple[tuple[Any, Callable[[str, Any], None]], ...] = (
            (np.ma.MaskedArray, self._masked), (np.ndarray, self._array), (np.generic, self._array),
            (np.random.RandomState, lambda path, rng: self.visit(path, rng.get_state(legacy=False))),
            (np.random.Generator, lambda path, rng: self.visit(path, rng.bit_generator.state)),
            (np.random.BitGenerator, lambda path, bits: self.visit(path, bits.state)),
            (dict | types.MappingProxyType, self._dict), (list | tuple | deque, self._sequence),
            (set | frozenset, self._set), (complex, lambda path, value: self._array(path, np.asarray(value))),
        )  # fmt: skip

    def visit(self, path: str, value: Any) -> None:
        """Write the leaves of `value` below `path`."""
        word = self._word(value)
        if word is not _NO_WORD:
            self.leaves[path] = word
        elif id(value) in self._seen:
            self.leaves[path] = f"ref:{self._seen[id(value)][0]}"
        else:
            self._seen[id(value)] = (path, value)
            self._writer(value)(path, value)

    def start_aspect(self) -> None:
        """Begin anew with empty leaves: what aspects share is written in each."""
        self.leaves, self._seen = {}, {}

    def _word(self, value: Any) -> Leaf:
        if isinstance(value, enum.Enum):
            return f"name:{_name(type(value))}.{value.name}"
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return f"time:{float(value)!r}" if self._begun <= value <= time.time() else float(value)
        if isinstance(value, str | pathlib.PurePath):
            return str(value).replace(self._workdir, "{workdir}")
        if isinstance(value, bytes | bytearray | memoryview):
            return f"bytes:{hashlib.sha256(bytes(value)).hexdigest()}"
        return _name_word(value)

    def _writer(self, value: Any) -> Callable[[str, Any], None]:
        for kinds, write in self._writers:
            if isinstance(value, kinds):
                return write
        if hasattr(value, "to_numpy") and hasattr(value, "columns"):
            return self._frame
        return self._arraylike if hasattr(type(value), "__array__") else self._object

    def _array(self, path: str, value: Any) -> None:
        value = np.asarray(value)
        if value.dtype.names is not None:
            for name in value.dtype.names:  # field by field: the padding between them is whatever memory held
                self._array(f"{path}.{name}", value[name])
        elif value.dtype.kind == "O":
            self._object_array(path, value)
        else:
            self._keep(path, value.view(np.int64) if value.dtype.kind in "mM" else value)

    def _keep(self, path: str, value: NDArray[Any]) -> None:
        flat = np.ascontiguousarray(value).reshape(-1)
        flat = flat.view(np.uint8) if flat.dtype.kind == "V" else flat
        kind = flat.dtype.str
        self.leaves[path] = ["array", kind, list(value.shape), self._sizes[kind], flat.size]
        self._sizes[kind] += flat.size
        self.arrays.setdefault(kind, []).append(flat)

    def _object_array(self, path: str, value: NDArray[Any]) -> None:
        if value.size and all(isinstance(item, str) for item in value.flat):
            self._keep(path, value.astype(str))
            return
        self.leaves[path] = f"objects:{value.shape}"
        for place in np.ndindex(value.shape):
            self.visit(f"{path}[{', '.join(map(str, place))}]", value[place])

    def _masked(self, path: str, value: Any) -> None:
        self._array(f"{path}.mask", np.ma.getmaskarray(value))
        self._array(f"{path}.filled", value.filled(0) if value.dtype.kind in "biufc" else np.ma.getdata(value))

    def _arraylike(self, path: str, value: Any) -> None:
        try:
            self._array(path, np.asarray(value))
        except Exception:  # noqa: BLE001 - what a foreign object or a trainer may raise is anything
            self._object(path, value)

    def _frame(self, path: str, value: Any) -> None:
        self.leaves[path] = f"frame:{list(map(str, value.columns))}"
        for column in value.columns:
            self._arraylike(f"{path}[{str(column)!r}]", value[column])

    def _dict(self, path: str, value: Mapping[Any, Any]) -> None:
        keys = sorted((key for key in value if key not in _NOT_STATE), key=self._canonical)
        self.leaves[path] = f"{type(value).__name__}:{len(keys)}"
        for key in keys:
            self.visit(f"{path}[{self._canonical(key)}]", value[key])

    def _sequence(self, path: str, value: Any) -> None:
        self.leaves[path] = f"{type(value).__name__}:{len(value)}"
        for i, item in enumerate(value):
            self.visit(f"{path}[{i}]", item)

    def _set(self, path: str, value: Any) -> None:
        self.leaves[path] = f"{type(value).__name__}:{sorted(map(self._canonical, value))}"

    def _canonical(self, key: Any) -> str:
        """Return a key's or set item's text: the same in every process, whatever the order of its own parts."""
        if isinstance(key, tuple):
            return f"({', '.join(map(self._canonical, key))})"
        if isinstance(key, frozenset):
            return f"{{{', '.join(sorted(map(self._canonical, key)))}}}"
        plain = key.item() if isinstance(key, np.generic) else key
        word = self._word(plain)
        return self._note_opaque(key) if word is _NO_WORD else repr(word)

    def _object(self, path: str, value: Any) -> None:
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - what a foreign object or a trainer may raise is anything
            reduced = (copyreg.__newobj__, (type(value),), getattr(value, "__dict__", None))  # type: ignore[attr-defined]
            if reduced[2] is None:
                self.leaves[path] = self._note_opaque(value)
                return
        if isinstance(reduced, str):
            self.leaves[path] = f"name:{reduced}"
            return
        self.leaves[path] = f"object:{_name(type(value))}"
        self._reduced(path, reduced)

    def _reduced(self, path: str, reduced: tuple[Any, ...]) -> None:
        make, args, state, items, pairs = (*reduced, None, None, None)[:5]  # the parts of pickle's protocol
        if make is not copyreg.__newobj__ or len(args) > 1:  # type: ignore[attr-defined]
            self._sequence(f"{path}.<arguments>", args)
        for part in state if _is_slots(state) else (state,):
            if isinstance(part, dict):
                self._attributes(path, part)
            elif part is not None:
                self.visit(f"{path}.<state>", part)
        if items is not None:
            self._sequence(f"{path}.<items>", list(items))
        if pairs is not None:
            self._dict(f"{path}.<items>", dict(pairs))

    def _attributes(self, path: str, state: Mapping[str, Any]) -> None:
        for name in sorted(map(str, state)):
            if name not in _NOT_STATE and name in state:
                self.visit(f"{path}.{name}", state[name])

    def _note_opaque(self, value: Any) -> str:
        name = _name(type(value))
        self.opaque[name] += 1
        return f"opaque:{name}"


class _NoWord(str):
    __slots__ = ()


_NO_WORD = _NoWord()


def _name(thing: Any) -> str:
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "?")
    return f"{getattr(thing, '__module__', None)}.{name}"


def _name_word(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return f"name:{value.__name__}"
    if isinstance(value, np.dtype):
        return f"name:{value!s}"
    bound = getattr(value, "__self__", None)
    if isinstance(value, _NAMED) and (bound is None or isinstance(bound, type | types.ModuleType)):
        return f"name:{_name(value)}"
    return _NO_WORD


def _is_slots(state: object) -> bool:
    """Say whether a state is the pair (attributes or None, slots)."""
    match state:
        case (dict() | None, dict()):
            return isinstance(state, tuple)
    return False


def main(request_file: str, answer_folder: str) -> None:
    """Train once, and write the answer."""
    request = json.loads(pathlib.Path(request_file).read_text(encoding="utf-8"))
    folder = pathlib.Path(answer_folder)
    walk = Walk(request["workdir"])
    answer = train(request, walk)
    arrays = {kind: np.concatenate(parts) for kind, parts in walk.arrays.items()}
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]
    part = folder / "answer.part"
    part.write_text(json.dumps(answer), encoding="utf-8")
    part.replace(folder / "answer.json")


def train(request: Mapping[str, Any], walk: Walk) -> dict[str, Any]:
    """Return the answer: what the trainer returned, or why it could not be asked."""
    function, problem = _find(request["module"], request["function"])
    if function is None:
        return problem
    arguments = {"seed": request["seed"], **request["arguments"]}
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as exc:
        return {"status": "signature", "message": str(exc)}
    before, begun = _generators(), time.perf_counter()
    try:
        returned = function(**arguments)
    except BaseException as exc:  # noqa: BLE001 - what a foreign object or a trainer may raise is anything
        return _raised(exc)
    took_s = time.perf_counter() - begun
    after = _generators()
    generators = {name: {"drawn": before[name] != after[name], "state": after[name]} for name in after}
    return {"status": "trained", "train_s": took_s, "generators": generators} | _aspects(returned, walk)


def _find(module_name: str, name: str) -> tuple[Callable[..., Any] | None, dict[str, Any]]:
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as exc:
        if exc.name is not None and f"{module_name}.".startswith(f"{exc.name}."):
            return None, {"status": "no module", "message": str(exc)}
        return None, _raised(exc)
    except BaseException as exc:  # noqa: BLE001 - what a foreign object or a trainer may raise is anything
        return None, _raised(exc)
    function = getattr(module, name, None)
    if callable(function):
        return function, {}
    callables = {key: item for key, item in vars(module).items() if callable(item)}
    own = [key for key, item in callables.items() if getattr(item, "__module__", "") == module_name]
    return None, {"status": "no function", "names": own}


def _raised(exc: BaseException) -> dict[str, Any]:
    text = "".join(traceback.format_exception(exc.with_traceback(exc.__traceback__ and exc.__traceback__.tb_next)))
    return {"status": "raised", "error": type(exc).__name__, "message": text}


def _aspects(returned: Any, walk: Walk) -> dict[str, Any]:
    aspects, problems = {}, {}
    for aspect, attribute in _ATTRIBUTES.items():
        value = returned.get(attribute) if isinstance(returned, Mapping) else getattr(returned, attribute, None)
        if value is None:
            continue
        walk.start_aspect()
        try:
            walk.visit("", np.asarray(value) if aspect == "predictions" else value)
        except Exception as exc:  # noqa: BLE001 - what a foreign object or a trainer may raise is anything
            problems[aspect] = f"{type(exc).__name__}: {exc}"
        else:
            aspects[aspect] = walk.leaves
    return {"aspects": aspects, "problems": problems, "opaque": dict(walk.opaque), "returned": _name(type(returned))}


def _generators() -> dict[str, str]:
    """Return what state the global generators are in: who draws from them must have seeded them."""
    states = {"numpy.random": repr(np.random.get_state(legacy=False)), "random": repr(random.getstate())}  # noqa: NPY002 - to look at it, not to use it
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in states.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a trainer left running must not keep the process
