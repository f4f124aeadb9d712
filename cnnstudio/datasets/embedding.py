"""The embedding of a collection: positions on the map, nearest pictures, outliers and label quality."""

from __future__ import annotations

import io
import zipfile
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text

FORMAT: Final = 1
BUNDLED: Final = "efficientnet_lite0"
"""The bundled network."""


class Embedding(msgspec.Struct, frozen=True, kw_only=True):
    """One row a picture, in the order of `paths` (as the index has them).

    position: float32 (n, 2), the map. outlier: float32 (n,), 0 to 1, higher is farther from everything.
    neighbours: int32 (n, k), rows of the nearest pictures, nearest first. label_quality: float32 (n,), 0 to 1,
    how well the label fits (empty where it could not be computed); mislabeled: bool (n,); suggested: what a
    classifier that never saw the picture calls it. `notes` are reasons why something could not be computed.
    """

    model: str
    layout: str
    paths: tuple[str, ...]
    hashes: tuple[str, ...]
    position: NDArray[np.float32]
    outlier: NDArray[np.float32]
    neighbours: NDArray[np.int32]
    label_quality: NDArray[np.float32]
    mislabeled: NDArray[np.bool_]
    suggested: tuple[str, ...]
    classes: tuple[str, ...]
    notes: tuple[Text, ...] = ()

    def neighbours_of(self, path: str, most: int = 12) -> list[str]:
        """The paths of the most similar pictures; empty for an unknown picture."""
        try:
            row = self.paths.index(path)
        except ValueError:
            return []
        return [self.paths[neighbour] for neighbour in self.neighbours[row][:most] if neighbour >= 0]


def embedding_path(cache: Path, place: Path, model: str, layout: str) -> Path:
    """Where the embedding of a project (or plain folder) by a model (a base's id or a run's folder) is kept."""
    name = blake2b(f"{place.resolve()}\0{model}\0{layout}".encode(), digest_size=12).hexdigest()
    return cache / "embeddings" / f"{name}.npz"


def write_embedding(path: Path, embedding: Embedding) -> None:
    """Write atomically, without pickle; raises ProblemError."""
    header = msgspec.json.encode({
        "format": FORMAT, "model": embedding.model, "layout": embedding.layout, "paths": embedding.paths,
        "hashes": embedding.hashes, "suggested": embedding.suggested, "classes": embedding.classes,
        "notes": [(note.en, note.es) for note in embedding.notes]})
    buffer = io.BytesIO()
    np.savez(buffer, words=np.frombuffer(header, np.uint8), position=embedding.position, outlier=embedding.outlier,
             neighbours=embedding.neighbours, label_quality=embedding.label_quality, mislabeled=embedding.mislabeled)
    write_atomically(path, buffer.getvalue())


def read_embedding(path: Path) -> Embedding:
    """Read an embedding; raises ProblemError (no_embedding) if there is none or it cannot be used."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            header = decode_json(arrays["words"].tobytes())
            if header["format"] != FORMAT:
                raise ValueError(f"format {header['format']}")
            return Embedding(
                model=header["model"], layout=header["layout"], paths=tuple(header["paths"]), hashes=tuple(header["hashes"]),
                suggested=tuple(header["suggested"]), classes=tuple(header["classes"]),
                notes=tuple(Text(*note) for note in header["notes"]), position=arrays["position"],
                outlier=arrays["outlier"], neighbours=arrays["neighbours"], label_quality=arrays["label_quality"],
                mislabeled=arrays["mislabeled"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as err:
        text = Text("The map has not been computed yet.", "El mapa aún no se ha calculado.")
        raise ProblemError(error("no_embedding", text, "dataset", path=path, details=str(err))) from err
