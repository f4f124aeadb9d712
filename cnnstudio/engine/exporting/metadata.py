"""The card inside the files of each format: classes, recipe, temperature and reject option travel with the model.

| format | where |
|---|---|
| `.keras` | `cnnstudio.json` in the zip archive that the file is |
| LiteRT | `cnnstudio.json` and `labels.txt` in a zip archive appended to the file, as its metadata have associated files |
| ONNX | `metadata_props` of the model: `cnnstudio.json`, and `class_names` as a JSON list |
| OpenVINO | `rt_info` of the model: `cnnstudio/card`, and `model_info/labels` as the Model API reads them |
| SavedModel | `assets.extra/cnnstudio.json`, the folder for assets of other programs |
| torch.export | the extra file `cnnstudio.json` |

The text is always the same JSON object, `model_card.Card`. It imports no Keras.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.model_card import CARD, Card, damaged_problem, decode_card

LABELS: Final = "labels.txt"
EXTRA: Final = "assets.extra"
_PRODUCER: Final = "CNN Studio"


def encode(card: Card) -> str:
    """The card as JSON."""
    return msgspec.json.encode(card).decode()


def required(card: Card | None, path: Path) -> Card:
    """The card; raises ProblemError (damaged_model) where the export has none."""
    if card is None:
        raise ProblemError(damaged_problem(path, CARD))
    return card


def write_onnx_card(model: Any, card: Card) -> None:
    """Put the card into a model of ONNX in memory."""
    import onnx

    model.producer_name, model.producer_version = _PRODUCER, __version__
    onnx.helper.set_model_props(model, {CARD: encode(card), "class_names": msgspec.json.encode(card.class_names).decode()})


def onnx_card(path: Path) -> Card | None:
    """The card of an ONNX file; None where it has none. Raises ProblemError where it cannot be read."""
    properties = onnx_properties(path)
    return decode_card(properties[CARD].encode(), path) if CARD in properties else None


def onnx_properties(path: Path) -> dict[str, str]:
    """The metadata of an ONNX file; raises ProblemError (damaged_model)."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, load_external_data=False)
    except (OSError, ValueError, DecodeError) as err:
        raise ProblemError(damaged_problem(path, str(err))) from err
    return {item.key: item.value for item in model.metadata_props}


def append_card(path: Path, card: Card) -> None:
    """Append the card and the classes to a LiteRT file, as the zip archive of its associated files."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(LABELS, "".join(f"{name}\n" for name in card.class_names))
        archive.writestr(CARD, encode(card))


def set_openvino_card(model: Any, card: Card) -> None:
    """Put the card into a model of OpenVINO in memory."""
    model.set_rt_info(encode(card), ["cnnstudio", "card"])
    model.set_rt_info("Classification", ["model_info", "model_type"])
    # The names are separated by spaces there, so that a name holds none.
    model.set_rt_info(" ".join("_".join(name.split()) for name in card.class_names), ["model_info", "labels"])


def openvino_card(path: Path) -> Card | None:
    """The card of an OpenVINO model; None where it has none."""
    import openvino

    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as err:
        raise ProblemError(damaged_problem(path, str(err))) from err
    if not model.has_rt_info(["cnnstudio", "card"]):
        return None
    return decode_card(str(model.get_rt_info(["cnnstudio", "card"]).value).encode(), path)


def write_saved_model_card(folder: Path, card: Card) -> None:
    """Put the card into the folder of a SavedModel."""
    (folder / EXTRA).mkdir(exist_ok=True)
    (folder / EXTRA / CARD).write_text(encode(card), encoding="utf-8")


def saved_model_card(folder: Path) -> Card | None:
    """The card of a SavedModel; None where it has none."""
    try:
        return decode_json(read_bytes(folder / EXTRA / CARD, SMALL), Card)
    except (OSError, ValueError):
        return None


def torch_card(path: Path) -> Card | None:
    """The card of a program of torch.export; None where it has none."""
    import torch

    extra = {CARD: ""}
    torch.export.load(str(path), extra_files=extra)
    return decode_card(extra[CARD].encode(), path) if extra[CARD] else None
