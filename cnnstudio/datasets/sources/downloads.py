"""Free collections that are downloaded: those of `keras.datasets` and a few more, each with size, checksum, licence.

Nothing is unpickled: CIFAR comes in its binary form. The checksums are those that TensorFlow Datasets publishes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.dataset import Split
from cnnstudio.core.fetching import download, matches
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.archives import unpack_archive
from cnnstudio.datasets.sources.arrays import Folders, unpack_arrays
from cnnstudio.datasets.sources.staging import (
    Check,
    OnProgress,
    check_room,
    new_folder,
    no_check,
    no_progress,
    refuse_existing,
)


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A file to download: its URLs (tried in order), its size in bytes and its SHA-256."""

    name: str
    urls: tuple[str, ...]
    bytes: int
    sha256: str
    split: Split | None = None
    """The split that an archive holds."""


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A collection that can be downloaded. `form`: idx, cifar10, cifar100 or archive."""

    id: str
    label: Text
    help: Text
    form: str
    files: tuple[Remote, ...]
    pictures: int
    classes: int
    side: int
    licence: Text
    page: str
    keras: bool = False
    class_names: tuple[str, ...] = ()
    folder_names: dict[str, str] = {}
    """New names of class folders, by their names in the archive."""

    @property
    def bytes(self) -> int:
        """Bytes to download."""
        return sum(file.bytes for file in self.files)


def _idx_files(places: Sequence[str], files: Sequence[tuple[str, int, str]]) -> tuple[Remote, ...]:
    return tuple(Remote(name=name, urls=tuple(f"{place}{name}" for place in places), bytes=size, sha256=sha256)
                 for name, size, sha256 in files)


def _one(url: str, size: int, sha256: str, split: Split | None = None, *mirrors: str) -> Remote:
    return Remote(name=url.rsplit("/", 1)[-1], urls=(url, *mirrors), bytes=size, sha256=sha256, split=split)


_RESEARCH: Final = Text("no licence stated; free to use for research with citation",
                        "sin licencia declarada; uso libre en investigación citando la fuente")

DATASETS: Final[Registry[Dataset]] = Registry("dataset", (
    Dataset(
        id="mnist", label=Text("MNIST", "MNIST"), keras=True, form="idx", pictures=70_000, classes=10, side=28,
        help=Text("Handwritten digits, grey.", "Dígitos manuscritos, en gris."),
        licence=Text("CC BY-SA 3.0", "CC BY-SA 3.0"), page="https://keras.io/api/datasets/mnist/",
        files=_idx_files(("https://storage.googleapis.com/cvdf-datasets/mnist/",), (
            ("train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            ("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            ("t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            ("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")))),
    Dataset(
        id="fashion_mnist", label=Text("Fashion-MNIST", "Fashion-MNIST"), keras=True, form="idx", pictures=70_000,
        classes=10, side=28, help=Text("Clothes and shoes, grey; harder than digits.",
                                       "Ropa y calzado, en gris; más difícil que los dígitos."),
        licence=Text("MIT", "MIT"), page="https://keras.io/api/datasets/fashion_mnist/",
        class_names=("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        files=_idx_files(("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                          "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"), (
            ("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            ("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            ("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            ("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")))),
    Dataset(
        id="cifar10", label=Text("CIFAR-10", "CIFAR-10"), keras=True, form="cifar10", pictures=60_000, classes=10, side=32,
        help=Text("Small colour photos of animals and vehicles.", "Fotos pequeñas en color de animales y vehículos."),
        licence=_RESEARCH, page="https://www.cs.toronto.edu/~kriz/cifar.html",
        files=(_one("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", 170052171,
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),)),
    Dataset(
        id="cifar100", label=Text("CIFAR-100", "CIFAR-100"), keras=True, form="cifar100", pictures=60_000, classes=100,
        side=32, help=Text("Like CIFAR-10, with a hundred classes.", "Como CIFAR-10, con cien clases."),
        licence=_RESEARCH, page="https://www.cs.toronto.edu/~kriz/cifar.html",
        files=(_one("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", 168513733,
                    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),)),
    Dataset(
        id="flowers", label=Text("Flower photos", "Fotos de flores"), form="archive", pictures=3670, classes=5, side=320,
        help=Text("Daisies, dandelions, roses, sunflowers and tulips; good for a pretrained base.",
                  "Margaritas, dientes de león, rosas, girasoles y tulipanes; adecuadas para una base preentrenada."),
        licence=Text("CC BY 2.0, photographers in LICENSE.txt", "CC BY 2.0, fotógrafos en LICENSE.txt"),
        page="https://www.tensorflow.org/datasets/catalog/tf_flowers",
        files=(_one("https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz", 228813984,
                    "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c", None,
                    "http://download.tensorflow.org/example_images/flower_photos.tgz"),)),
    Dataset(
        id="imagenette", label=Text("Imagenette (160 px)", "Imagenette (160 px)"), form="archive", pictures=13_394,
        classes=10, side=160, help=Text("Ten easy classes of ImageNet, as photos.",
                                        "Diez clases fáciles de ImageNet, en fotos."),
        folder_names={"n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player",
                      "n03000684": "chain saw", "n03028079": "church", "n03394916": "French horn",
                      "n03417042": "garbage truck", "n03425413": "gas pump", "n03445777": "golf ball",
                      "n03888257": "parachute"},
        licence=Text("Apache 2.0 for the selection; the photos come from ImageNet, for research",
                     "Apache 2.0 para la selección; las fotos provienen de ImageNet, para investigación"),
        page="https://github.com/fastai/imagenette",
        files=(_one("https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz", 98948031,
                    "88daccb09b6fce93f45e6c09ddeb269cce705549e6bff322092a2a5a11489863"),)),
    Dataset(
        id="eurosat", label=Text("EuroSAT", "EuroSAT"), form="archive", pictures=27_000, classes=10, side=64,
        help=Text("Satellite pictures of ten kinds of land.", "Imágenes de satélite de diez tipos de terreno."),
        licence=Text("MIT", "MIT"), page="https://github.com/phelber/EuroSAT",
        files=(_one("http://madm.dfki.de/files/sentinel/EuroSAT.zip", 94280567,
                    "8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd"),)),
    Dataset(
        id="beans", label=Text("Bean leaves", "Hojas de frijol"), form="archive", pictures=1295, classes=3, side=500,
        help=Text("Bean leaves from fields in Uganda: healthy, or with one of two diseases.",
                  "Hojas de frijol de campos de Uganda: sanas o con una de dos enfermedades."),
        licence=Text("MIT", "MIT"), page="https://github.com/AI-Lab-Makerere/ibean",
        files=(_one("https://storage.googleapis.com/ibeans/train.zip", 143812152,
                    "284fe8456ce20687f4367ae7ad94a64577e7f9fde2c2c6b1c74340ab5dc82715", "train"),
               _one("https://storage.googleapis.com/ibeans/validation.zip", 18504213,
                    "90b7aa1c26d91d9afff07a30bbc67a5ea34f1f1397f068d8675be09d7d0c602d", "validation"),
               _one("https://storage.googleapis.com/ibeans/test.zip", 17708541,
                    "ca67b15d960d1e2fd9d23fd8498ce86818ead90755c630a43baf19ec4af09312", "test"))),
    Dataset(
        id="rock_paper_scissors", label=Text("Rock, paper, scissors", "Piedra, papel o tijera"), form="archive",
        pictures=2892, classes=3, side=300, help=Text("Computer-generated hands in three poses.",
                                                      "Manos generadas por computadora en tres posturas."),
        licence=Text("Creative Commons; see its page", "Creative Commons; véase su página"),
        page="https://www.tensorflow.org/datasets/catalog/rock_paper_scissors",
        files=(_one("https://storage.googleapis.com/download.tensorflow.org/data/rps.zip", 200682221,
                    "c2403444395842ad04c53612bad54b574443eae17a0723117a2ff87b9d72194f", "train"),
               _one("https://storage.googleapis.com/download.tensorflow.org/data/rps-test-set.zip", 29516758,
                    "c27ab9fa43ce40b2e453de711365b477f4424586edf0388116674fd320f07503", "test"))),
))

OnPhase = Callable[[Text], None]
FETCHING: Final = Text("Downloading", "Descargando")
WRITING: Final = Text("Writing the pictures", "Escribiendo las imágenes")
_TRIES: Final = 4


def fetch_dataset(dataset: Dataset, target: Path, cache: Path, on_progress: OnProgress = no_progress,
                  check: Check = no_check, on_phase: OnPhase | None = None) -> Path:
    """Download a collection and write it as class folders into the new or empty folder `target`.

    Raises ProblemError (offline, wrong_checksum, no_space, target_exists...). Downloads stay in `cache` until the
    collection is complete, so that the next attempt resumes. Progress is in bytes of the download, then in pictures (or
    bytes) of the writing; `on_phase` reports which.
    """
    refuse_existing(target)
    place = cache / "downloads" / dataset.id
    target.parent.mkdir(parents=True, exist_ok=True)
    check_room(target, dataset.bytes)
    if on_phase is not None:
        on_phase(FETCHING)
    done = 0
    for file in dataset.files:
        _fetch(file, place / file.name, partial(_further, on_progress, done, dataset.bytes), check)
        done += file.bytes
        on_progress(done, dataset.bytes)
    if on_phase is not None:
        on_phase(WRITING)
    _WRITERS[dataset.form](dataset, place, target, on_progress, check)
    shutil.rmtree(place, ignore_errors=True)
    return target


def _further(on_progress: OnProgress, before: int, total: int, done: int, _total: int) -> None:
    on_progress(before + done, total)


def _fetch(file: Remote, target: Path, progress: OnProgress, check: Check) -> None:
    checksum = f"sha256:{file.sha256}" if file.sha256 else ""
    if target.is_file() and matches(target, checksum):
        return
    for number, url in enumerate(file.urls, start=1):
        try:
            download(url, target, checksum, progress, check, area="dataset", tries=_TRIES)
            return
        except ProblemError as problem_error:
            if number == len(file.urls) or problem_error.problems[0].code == "no_space":
                raise


def _write_idx(dataset: Dataset, place: Path, target: Path, on_progress: OnProgress, check: Check) -> None:
    unpack_arrays([place / file.name for file in dataset.files], target, on_progress, check, dataset.class_names)


def _write_archive(dataset: Dataset, place: Path, target: Path, on_progress: OnProgress, check: Check) -> None:
    with new_folder(target) as staging:
        for number, file in enumerate(dataset.files):
            part = staging / f".part{number}"
            unpack_archive(place / file.name, part, on_progress, check)
            inside = [item for item in part.iterdir() if not item.name.startswith(".")]
            # The archive of one split may contain a folder of that name, with the classes in it.
            holder = inside[0] if file.split and len(inside) == 1 and inside[0].is_dir() else part
            if file.split:
                holder.rename(staging / file.split)
            else:
                for item in inside:
                    item.rename(staging / item.name)
            shutil.rmtree(part, ignore_errors=True)
        if dataset.folder_names:
            for folder in [item for item in staging.rglob("*") if item.is_dir() and item.name in dataset.folder_names]:
                folder.rename(folder.with_name(dataset.folder_names[folder.name]))


def _write_cifar(dataset: Dataset, place: Path, target: Path, on_progress: OnProgress, check: Check) -> None:
    """The binary form: records of one label (CIFAR-100: two, the second is the fine one) and 3 × 32 × 32 bytes."""
    labels = 2 if dataset.form == "cifar100" else 1
    size = labels + 3 * 32 * 32
    done = 0
    with new_folder(place / "unpacked") as aside:
        unpack_archive(place / dataset.files[0].name, aside / "files", check=check)
        files = {path.name: path for path in (aside / "files").rglob("*") if path.is_file()}
        names_file = files.get("fine_label_names.txt" if labels == 2 else "batches.meta.txt")
        names = names_file.read_text("utf-8", "replace").split() if names_file is not None else []
        with new_folder(target, dataset.pictures * 3000) as written:
            folders = Folders(written, names, split_folders=True)
            for name in sorted(item for item in files if item.endswith(".bin")):
                split: Split = "test" if "test" in name else "train"
                data = files[name].read_bytes()
                if not data or len(data) % size:
                    text = Text("{name} in the download has an unexpected size. Download the collection again.",
                                "{name}, en la descarga, tiene un tamaño inesperado. Descargue la colección de nuevo.")
                    raise ProblemError(error("damaged_archive", text.fill(name=name), "dataset"))
                for record in np.frombuffer(data, np.uint8).reshape(-1, size):
                    picture = record[labels:].reshape(3, 32, 32).transpose(1, 2, 0)
                    folders.write(split, str(record[labels - 1]), picture)
                    done += 1
                    if done % 64 == 0:
                        on_progress(done, dataset.pictures)
                        check()
            if not done:
                text = Text("The download contains no pictures. Try again later, or choose another collection.",
                            "La descarga no contiene imágenes. Inténtelo más tarde o elija otra colección.")
                raise ProblemError(error("no_pictures", text, "dataset"))
    shutil.rmtree(place / "unpacked", ignore_errors=True)


_WRITERS: Final = {"idx": _write_idx, "archive": _write_archive, "cifar10": _write_cifar, "cifar100": _write_cifar}
