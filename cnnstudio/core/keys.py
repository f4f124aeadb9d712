"""Read and change a project by key, as the command line does: `training.optimizer.learning_rate`.

A segment names a field of a spec; an item of a list by its id or type, a stage by its id or number from 1; or a
parameter of an item. The words `steps`, `callbacks`, `metrics`, `nodes`, `stages` and `params` may be left out.
Fields of a stage whose stage is left out (`training.epochs`) are those of the last stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cnnstudio.core.graph import unique_id
from cnnstudio.core.item import Item, Step, as_immutable
from cnnstudio.core.params import Param, find_param, with_defaults
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import PARAMS, Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import STAGE_FIELDS, Stage, TrainingSpec

ItemParams = Callable[[Item], Sequence[Param] | None]
"""Returns the declared parameters of an item (from the catalog), or None for an unknown type."""

_LISTS = ("steps", "callbacks", "metrics", "nodes", "stages")


def get_value(project: Project, key: str, item_params: ItemParams) -> Any:
    """The value under `key` ("" gives the whole project); raises ProblemError for an unknown key.

    A parameter that the project does not set has its default.
    """
    value: Any = project
    for segment in [part for part in key.split(".") if part]:
        exists, value = _find_child(value, segment, item_params)
        if not exists:
            raise ProblemError(_unknown_problem(key, value, item_params))
    return value


def set_value(project: Project, key: str, value_text: str, item_params: ItemParams) -> Project:
    """The project with `key` set to the parsed `value_text`; raises ProblemError for a bad key or value."""
    segments = [part for part in key.split(".") if part]
    if not segments:
        raise ProblemError(_unknown_problem(key, project, item_params))
    changed = _set_below(project, segments, value_text, key, "", item_params)
    assert isinstance(changed, Project)
    return changed


def to_plain(value: Any) -> Any:
    """A project, or the value of a key, as JSON types. The training also has the fields of its last stage, as keys
    without a stage name them."""
    plain = msgspec.to_builtins(value)
    if isinstance(value, Project):
        plain["training"] = to_plain(value.training)
    elif isinstance(value, TrainingSpec):
        plain |= {name: plain["stages"][-1][name] for name in STAGE_FIELDS} if value.stages else {}
    return plain


def _last_stage(value: Any) -> Stage | None:
    """The stage of a key that names no stage."""
    return value.last_stage if isinstance(value, TrainingSpec) and value.stages else None


def _params(item: Item, item_params: ItemParams) -> dict[str, Any]:
    """All parameters of an item, defaults included."""
    return with_defaults(item_params(item) or (), item.params)


def _child_names(value: Any, item_params: ItemParams) -> tuple[str, ...]:
    if isinstance(value, Item):
        own = tuple(name for name in value.__struct_fields__ if name != "params")
        return own + tuple(_params(value, item_params))
    if isinstance(value, msgspec.Struct):
        names: list[str] = []
        for name in value.__struct_fields__:
            if name in _LISTS:
                names += [item.id for item in getattr(value, name)]
            names.append(name)
        stage = _last_stage(value)
        return (*names, *(() if stage is None else _child_names(stage, item_params)[1:]))
    if isinstance(value, dict):
        return tuple(value)
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct) and hasattr(value[0], "id"):
        return tuple(item.id for item in value)
    return ()


def _list_index(items: Any, segment: str) -> int | None:
    for index, item in enumerate(items):
        if segment in (getattr(item, "id", None), getattr(item, "type", None)):
            return index
    if segment.isdecimal() and items and isinstance(items[0], Stage) and 1 <= int(segment) <= len(items):
        return int(segment) - 1
    return None


def _find_child(value: Any, segment: str, item_params: ItemParams) -> tuple[bool, Any]:
    """(True, the child), or (False, the value itself) when there is no such child."""
    if isinstance(value, msgspec.Struct):
        if segment in value.__struct_fields__:
            return True, getattr(value, segment)
        if isinstance(value, Item) and segment in _params(value, item_params):
            return True, _params(value, item_params)[segment]
        for name in _LISTS:
            if name in value.__struct_fields__:
                index = _list_index(getattr(value, name), segment)
                if index is not None:
                    return True, getattr(value, name)[index]
        stage = _last_stage(value)
        if stage is not None and segment != "id":
            exists, child = _find_child(stage, segment, item_params)
            return exists, child if exists else value
    elif isinstance(value, dict) and segment in value:
        return True, value[segment]
    elif isinstance(value, tuple):
        index = _list_index(value, segment)
        if index is not None:
            return True, value[index]
    return False, value


def _unknown_problem(key: str, holder: Any, item_params: ItemParams) -> Any:
    near = ", ".join(_child_names(holder, item_params)[:24])
    text = Text("There is no setting called {key}. Available here: {near}",
                "No hay ningún ajuste llamado {key}. Disponibles aquí: {near}")
    return error("unknown_setting", text.fill(key=key, near=near or "-"), "project", field=key)


def _set_below(holder: Any, segments: list[str], value_text: str, key: str, path: str, item_params: ItemParams) -> Any:
    segment, rest = segments[0], segments[1:]
    if isinstance(holder, tuple):
        index = _list_index(holder, segment)
        if index is None:
            raise ProblemError(_unknown_problem(key, holder, item_params))
        changed = _set_item(holder[index], rest, value_text, key, path, item_params)
        return (*holder[:index], changed, *holder[index + 1:])
    if isinstance(holder, dict) and path == "training.class_weights":
        # A name of a class may contain a dot.
        return holder | {".".join(segments): _parse_json(float, value_text, key)}
    if isinstance(holder, Item) and segment == "params" and rest:
        return _set_below(holder, rest, value_text, key, path, item_params)
    if isinstance(holder, Item) and segment not in holder.__struct_fields__:
        declared = item_params(holder)
        param = find_param(declared, segment) if declared is not None else None
        if param is None or rest:
            raise ProblemError(_unknown_problem(key, holder, item_params))
        return msgspec.structs.replace(holder, params=holder.params | {segment: _parse(param, value_text, key)})
    if isinstance(holder, msgspec.Struct):
        if segment in holder.__struct_fields__:
            inner_path = f"{path}.{segment}" if path else segment
            current = getattr(holder, segment)
            if rest:
                changed = _set_below(current, rest, value_text, key, inner_path, item_params)
            else:
                changed = _field_value(holder, segment, current, value_text, key, path, item_params)
            return msgspec.structs.replace(holder, **{segment: changed})
        for name in _LISTS:
            if name in holder.__struct_fields__ and _list_index(getattr(holder, name), segment) is not None:
                inner_path = f"{path}.{name}" if path else name
                changed = _set_below(getattr(holder, name), segments, value_text, key, inner_path, item_params)
                return msgspec.structs.replace(holder, **{name: changed})
        stage = _last_stage(holder)
        if isinstance(holder, TrainingSpec) and stage is not None and segment != "id" and _find_child(
                stage, segment, item_params)[0]:
            changed = _set_below(stage, segments, value_text, key, "training.stages", item_params)
            return msgspec.structs.replace(holder, stages=(*holder.stages[:-1], changed))
    raise ProblemError(_unknown_problem(key, holder, item_params))


def _set_item(item: Any, rest: list[str], value_text: str, key: str, path: str, item_params: ItemParams) -> Any:
    if rest:
        return _set_below(item, rest, value_text, key, path, item_params)
    if "enabled" not in item.__struct_fields__:
        raise ProblemError(_unknown_problem(key + ".?", item, item_params))
    return msgspec.structs.replace(item, enabled=_parse_json(bool, value_text, key))


def _field_value(holder: Any, name: str, current: Any, value_text: str, key: str, path: str, item_params: ItemParams) -> Any:
    param = find_param(PARAMS.get(path, ()), name)
    if param is not None:
        return _parse(param, value_text, key)
    wanted = {field.name: field.type for field in msgspec.structs.fields(type(holder))}[name]
    if wanted == Item | None and value_text.lower() in ("none", ""):
        return None
    if isinstance(current, Item) or wanted == Item | None:
        return Item(type=value_text)
    if isinstance(current, msgspec.Struct):
        raise ProblemError(_unknown_problem(key + ".?", current, item_params))
    if wanted == tuple[str, ...]:
        names = [part.strip() for part in value_text.split(",") if part.strip()] if not value_text.startswith("[") else None
        return tuple(names) if names is not None else _parse_json(wanted, value_text, key)
    if wanted == tuple[Step, ...] and not value_text.startswith("["):
        return _steps([part.strip() for part in value_text.split(",") if part.strip()], current)
    return _parse_json(wanted, value_text, key)


def _steps(types: list[str], current: tuple[Step, ...]) -> tuple[Step, ...]:
    """Items of these types in this order: those that are there already as they are, but enabled, and new ones."""
    steps: list[Step] = []
    for kind in types:
        if kind.lower() in ("none", ""):
            continue
        present = next((step for step in current if kind in (step.id, step.type) and step not in steps), None)
        steps.append(Step(id=unique_id(kind, [step.id for step in (*current, *steps)]), type=kind) if present is None
                     else msgspec.structs.replace(present, enabled=True))
    return tuple(steps)


def _parse(param: Param, value_text: str, key: str) -> Any:
    try:
        value = as_immutable(param.parse(value_text))
    except (ValueError, IndexError):
        value = value_text
    problem = param.error_text(value)
    if problem is not None:
        text = Text("{key}: {trouble}", "{key}: {trouble}").fill(key=key, trouble=problem)
        raise ProblemError(error("value", text, "project", field=key))
    return value


def _parse_json(wanted: Any, value_text: str, key: str) -> Any:
    """The value of a text; text that begins like a list or an object is parsed as JSON only."""
    reason = ""
    for candidate in (value_text, msgspec.json.encode(value_text).decode()):
        try:
            value = msgspec.json.decode(candidate, type=wanted)
        except msgspec.MsgspecError as err:
            reason = reason or str(err)
            continue
        if candidate is value_text:
            _check_names(value, msgspec.json.decode(value_text), key)
        return value
    if value_text.startswith(("[", "{")):
        text = Text("{key}: this value is not allowed here: {reason}",
                    "{key}: este valor no se admite aquí (detalle en inglés): {reason}").fill(key=key, reason=reason)
    else:
        text = Text("{key}: the value {word} is not allowed here.", "{key}: el valor {word} no se admite aquí.").fill(
            key=key, word=value_text)
    raise ProblemError(error("value", text, "project", field=key))


def _check_names(value: Any, typed: Any, key: str) -> None:
    """Raise ProblemError for unknown fields of a typed object, which decoding would ignore."""
    if isinstance(value, msgspec.Struct) and isinstance(typed, dict):
        unknown = [name for name in typed if name not in value.__struct_fields__]
        if unknown:
            raise ProblemError(*(_unknown_problem(f"{key}.{name}", value, lambda _item: None) for name in unknown))
        for name, part in typed.items():
            _check_names(getattr(value, name), part, f"{key}.{name}")
    elif isinstance(value, tuple) and isinstance(typed, list):
        for number, (item, part) in enumerate(zip(value, typed, strict=False), 1):
            _check_names(item, part, f"{key}.{number}")
