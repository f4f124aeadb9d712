"""The data loading of a PyTorch script: folders of pictures, their transforms, how they are divided and loaded."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.catalog.torch_transforms import TORCH_TRANSFORMS, NotLikeIt
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import CallValue, Unknown
from cnnstudio.interchange.script.folders import join_folders, split_of
from cnnstudio.interchange.script.keras_augmentation import make_step
from cnnstudio.interchange.script.keras_data import Data
from cnnstudio.interchange.script.notes import NOTHING_LIKE_IT, UNKNOWN, Notes, is_number, spell
from cnnstudio.interchange.torch_source.language import TorchState
from cnnstudio.interchange.torch_source.sizes import size_of
from cnnstudio.interchange.torch_source.values import PICTURES

_SCALING: Final = ("ToTensor", "ConvertImageDtype", "ToDtype")
_QUIET: Final = ("ToPILImage", "PILToTensor", "ToImage", "Compose", "ToPureTensor")
_OTHER_PICTURES: Final = Text("the same shares; which pictures they are is drawn otherwise",
                              "las mismas proporciones; qué imágenes son se sortea de otra forma")
_OTHER_SOURCE: Final = Text("only folders with a subfolder for each class are read; choose the pictures' folder or list",
                            "solo se leen carpetas con una subcarpeta por clase; elija la carpeta o la lista de las imágenes")
_KNOWN_SETS: Final = ("MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST", "CIFAR10", "CIFAR100", "SVHN", "STL10", "ImageNet",
                      "Flowers102", "Food101", "OxfordIIITPet", "Caltech101", "FakeData", "CelebA")


def read_torch_data(state: TorchState, notes: Notes) -> tuple[Data, tuple[tuple[float, ...], tuple[float, ...]] | None]:
    """(the data loading of a script, the mean and the deviation of a Normalize that no recipe has)."""
    data = Data()
    folders: dict[str, tuple[str, int]] = {}
    pipelines: dict[str, Any] = {}
    sets = [call for call in state.library_calls if call.path.rpartition(".")[2] in ("ImageFolder", "DatasetFolder")]
    for place, call in enumerate(sets):
        root = call.keywords.get("root", call.arguments[0] if call.arguments else None)
        if root is None or isinstance(root, Unknown | CallValue):
            notes.leave(call.line, "data", "ImageFolder: root", UNKNOWN)
            continue
        split = split_of(str(root), place) if len(sets) > 1 else "train"
        folders.setdefault(split, (str(root), call.line))
        pipelines.setdefault(split, call.keywords.get("transform", call.arguments[1] if len(call.arguments) > 1 else None))
    for call in state.library_calls:
        name = call.path.rpartition(".")[2]
        if name in _KNOWN_SETS and call.path.startswith("torchvision.datasets"):
            notes.leave(call.line, "data", f"datasets.{name}(…)", _OTHER_SOURCE)
            pipelines.setdefault("train", call.keywords.get("transform"))
        elif name == "random_split":
            _take_split(data, call, notes)
        elif name == "DataLoader":
            _take_loader(data, call, notes)
    normalize = _Pipeline(data, notes).read(pipelines.get("train"), pipelines.get("validation"))
    data.folders, more = join_folders(folders, notes)
    data.dataset |= more
    if sets and not data.splits and not more:
        data.splits = {"train": 1.0, "validation": 0.0, "test": 0.0}
    return data, normalize


def _take_split(data: Data, call: CallValue, notes: Notes) -> None:
    """`random_split(data, [0.8, 0.2])`, or numbers of pictures that follow from the number of all."""
    lengths = call.keywords.get("lengths", call.arguments[1] if len(call.arguments) > 1 else None)
    if not isinstance(lengths, tuple | list) or not 2 <= len(lengths) <= 3 or not all(is_number(item) for item in lengths):
        notes.leave(call.line, "data", f"random_split({spell(lengths)})", UNKNOWN)
        return
    total = sum(lengths)
    if abs(total - 1) > 1e-6 and abs(total - PICTURES) > 2:
        notes.leave(call.line, "data", f"random_split({spell(lengths)})", Text(
            "numbers of pictures; set their shares on the Data page",
            "números de imágenes; ajuste sus proporciones en la página Datos"))
        return
    shares = [round(item / total, 4) for item in lengths]
    data.splits = dict(zip(("train", "validation", "test"), [*shares, 0.0], strict=False))
    generator = call.keywords.get("generator")
    if isinstance(generator, CallValue) and len(generator.arguments) > 1 and isinstance(generator.arguments[1], int):
        data.splits["seed"] = generator.arguments[1]
    notes.take(call.line, "data", f"random_split: {', '.join(map(str, shares))}", "dataset.splits", _OTHER_PICTURES)


def _take_loader(data: Data, call: CallValue, notes: Notes) -> None:
    size = call.keywords.get("batch_size", call.arguments[1] if len(call.arguments) > 1 else 1)
    if "batch_size" in data.training:
        return
    if isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= 65_536:
        data.training["batch_size"] = size
        notes.take(call.line, "training", f"batch_size={size}", "training.batch_size")
    else:
        notes.leave(call.line, "training", f"batch_size={spell(size)}", UNKNOWN)
    for name in ("sampler", "batch_sampler", "collate_fn"):
        if call.keywords.get(name) is not None:
            notes.leave(call.line, "data", f"DataLoader: {name}={spell(call.keywords[name])}", NOTHING_LIKE_IT)


class _Pipeline:
    """Reads the transforms of the training pictures, and the size from those of the validation where they crop."""

    def __init__(self, data: Data, notes: Notes) -> None:
        self._data, self._notes = data, notes
        self._resized: tuple[int, int] | None = None
        self._short_side = 0
        self._cropped: tuple[int, int] | None = None
        self._size = (0, 0)
        self._normalize: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def read(self, train: Any, validation: Any) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        steps = list(_flat(train))
        for call in steps:
            sides = size_of(call.arguments[0] if call.arguments else call.keywords.get("size"))
            name = call.path.rpartition(".")[2]
            if name in ("Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop") and sides is not None and not (
                    name == "Resize" and self._size != (0, 0)):
                self._size = sides
        for call in steps:
            self._take(call, 1.0)
        crops = [call for call in _flat(validation) if call.path.endswith((".Resize", ".CenterCrop"))]
        if crops and self._resized is None and not self._short_side:
            for call in crops:
                self._take(call, 1.0)
        self._set_size()
        return self._normalize

    def _set_size(self) -> None:
        recipe = self._data.recipe
        final = self._cropped or self._resized or ((self._short_side, self._short_side) if self._short_side else None)
        if final is None:
            return
        recipe["height"], recipe["width"] = final
        if self._short_side:
            recipe["fit"] = "crop"
            share = min(final) / self._short_side
            if share < 1:
                recipe |= {"crop": "share", "crop_share": round(share, 6)}
        elif self._resized is not None:
            recipe["fit"] = "stretch"
            if self._cropped is not None and self._cropped[0] < self._resized[0]:
                recipe |= {"crop": "share", "crop_share": round(self._cropped[0] / self._resized[0], 6)}

    def _take(self, call: CallValue, share: float) -> None:
        name, line, what = call.path.rpartition(".")[2], call.line, spell(call)
        if name == "Resize":
            value = call.arguments[0] if call.arguments else call.keywords.get("size")
            if isinstance(value, int):
                self._short_side = value
            else:
                self._resized = size_of(value)
            if size_of(value) is None:
                self._notes.leave(line, "recipe", what, UNKNOWN)
            else:
                self._notes.take(line, "recipe", what, "recipe.height, recipe.width, recipe.fit")
        elif name == "CenterCrop":
            self._cropped = size_of(call.arguments[0] if call.arguments else call.keywords.get("size"))
            self._notes.take(line, "recipe", what, "recipe.height, recipe.width, recipe.crop")
        elif name in _SCALING:
            self._notes.take(line, "recipe", what, "recipe.normalization")
        elif name == "Normalize":
            self._take_normalize(call)
        elif name == "Grayscale":
            if call.keywords.get("num_output_channels", call.arguments[0] if call.arguments else 1) == 1:
                self._data.recipe["color_mode"] = "grayscale"
                self._notes.take(line, "recipe", what, "recipe.color_mode")
            else:
                self._notes.leave(line, "recipe", what, NOTHING_LIKE_IT)
        elif name == "RandomApply":
            inner = call.arguments[0] if call.arguments else call.keywords.get("transforms")
            chance = call.keywords.get("p", call.arguments[1] if len(call.arguments) > 1 else 0.5)
            for item in _flat(inner):
                self._take(item, share * (float(chance) if is_number(chance) else 0.5))
        elif name not in _QUIET:
            self._augment(call, share)

    def _augment(self, call: CallValue, share: float) -> None:
        name, what = call.path.rpartition(".")[2], spell(call)
        entry = TORCH_TRANSFORMS.get(name)
        if entry is None:
            self._notes.leave(call.line, "augmentation", what, NOTHING_LIKE_IT)
            return
        values = dict(entry.arguments) | dict(zip(entry.arguments, call.arguments, strict=False)) | call.keywords
        if any(isinstance(value, Unknown) for value in values.values()):
            self._notes.leave(call.line, "augmentation", what, UNKNOWN)
            return
        if name in ("RandomCrop", "RandomResizedCrop"):
            self._cropped = size_of(values["size"]) or self._cropped
            values["before"] = (self._short_side, self._short_side) if self._short_side else self._resized
        size = self._size if self._size != (0, 0) else (224, 224)
        try:
            changes = entry.changes(values, size)
        except (NotLikeIt, TypeError, ValueError) as reason:
            why = reason.text if isinstance(reason, NotLikeIt) else NOTHING_LIKE_IT
            self._notes.leave(call.line, "augmentation", what, why)
            return
        if name == "RandomCrop" and values["padding"] is None:
            # The program crops a resized picture and enlarges it: what the recipe gives is the whole of it.
            self._short_side, self._resized = 0, size
        for change in changes:
            declared = AUGMENTATIONS[change.type].params
            params = dict(change.params)
            if share < 1:
                params["probability"] = params.get("probability", 1.0) * share
            if check(declared, params, "augmentation"):
                self._notes.leave(call.line, "augmentation", what, NOTHING_LIKE_IT)
                continue
            self._data.steps.append(make_step(self._data.steps, change.type, params))
            self._notes.take(call.line, "augmentation", what, AUGMENTATIONS[change.type].label, change.note)

    def _take_normalize(self, call: CallValue) -> None:
        values = dict(zip(("mean", "std"), call.arguments, strict=False)) | call.keywords
        mean, deviation = values.get("mean"), values.get("std")
        rows = [tuple(float(item) for item in row) for row in (mean, deviation)
                if isinstance(row, tuple | list) and row and all(is_number(item) for item in row)]
        if len(rows) != 2 or len(rows[0]) != len(rows[1]) or 0.0 in rows[1]:
            self._notes.leave(call.line, "recipe", spell(call), UNKNOWN)
            return
        if set(rows[0]) == set(rows[1]) == {0.5}:
            self._data.recipe["normalization"] = "minus_one_one"
            self._notes.take(call.line, "recipe", spell(call), "recipe.normalization=minus_one_one")
            return
        self._normalize = (rows[0], rows[1])
        self._notes.take(call.line, "recipe", spell(call), Text("a Rescaling at the beginning of the network",
                                                                "un Rescaling al principio de la red"))


def _flat(value: Any) -> list[CallValue]:
    """The transforms of a pipeline in their order."""
    if isinstance(value, CallValue) and value.path.endswith((".Compose", ".Sequential")):
        return _flat(value.arguments[0] if value.arguments else value.keywords.get("transforms"))
    if isinstance(value, CallValue):
        return [value]
    if isinstance(value, tuple | list):
        return [item for part in value for item in _flat(part)]
    return []


