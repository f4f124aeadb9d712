"""The CollectTFRecord job: pictures with labels as sharded TFRecord files, read back and counted."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from cnnstudio.core.dataset import SPLITS
from cnnstudio.core.events import Artifact, Event, Finished, Notice
from cnnstudio.core.jobs import CollectTFRecord
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest, read_manifest
from cnnstudio.datasets.sources.staging import new_folder
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.imaging.decode import decode, read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.headers import read_header
from cnnstudio.workers.link import Link

LABELS_FILE: Final = "labels.txt"
_MOST_REPORTED: Final = 5


def collect_records(job: CollectTFRecord, link: Link) -> Event:
    """Do the job; raises ProblemError. The manifest is deleted in any case."""
    try:
        manifest = read_manifest(Path(job.manifest))
    finally:
        with contextlib.suppress(OSError):
            Path(job.manifest).unlink()
    tf = _tensorflow()
    target = Path(job.path)
    total = len(manifest.entries)
    room = sum(entry.size for entry in manifest.entries)
    phase(link, "records")
    progress = ThrottledProgress(link)
    done = left_out = shards = 0
    with new_folder(target, room) as place:
        for split in SPLITS:
            entries = manifest.split(split)
            if not entries:
                continue
            parts = _parts(entries, job.shard_bytes)
            for number, part in enumerate(parts):
                name = f"{split}-{number:05d}-of-{len(parts):05d}.tfrecord"
                shards += 1
                with tf.io.TFRecordWriter(str(place / name)) as writer:
                    for entry in part:
                        example = _example(tf, manifest, entry)
                        if isinstance(example, Problem):
                            left_out += 1
                            if left_out <= _MOST_REPORTED:
                                link.emit(Notice(problem=example))
                        else:
                            writer.write(example)
                        done += 1
                        progress(done, total)
                        link.check()
        names = "".join(f"{name}\n" for name in manifest.header.class_names)
        (place / LABELS_FILE).write_text(names, encoding="utf-8")
        phase(link, "counting")
        counted = sum(_count_records(tf, place, link))
        if counted != total - left_out or not counted:
            text = Text("The number of pictures in the records is {found} instead of {expected}. Nothing was kept; try "
                        "again.",
                        "El número de imágenes en los registros es {found} en lugar de {expected}. No se conservó nada; "
                        "inténtelo de nuevo.")
            raise ProblemError(error("export_differs", text.fill(found=counted, expected=total - left_out), "dataset",
                                     path=target))
    link.emit(Artifact(kind="collection", path=str(target)))
    return Finished(metrics={"images": float(counted), "shards": float(shards), "left_out": float(left_out)})


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as import_error:
        text = Text("TFRecord files are written by TensorFlow, which is not installed in this Python. Choose class folders, "
                    "a list or a zip archive.",
                    "Los archivos TFRecord los escribe TensorFlow, que no está instalado en este Python. Elija carpetas de "
                    "clase, una lista o un archivo zip.")
        raise ProblemError(error("backend_missing", text, "dataset")) from import_error
    return tensorflow


def _parts(entries: Sequence[Entry], shard_bytes: int) -> list[Sequence[Entry]]:
    """Shards of nearly the same number of entries and about the wanted size, in a fixed random order."""
    number = max(1, math.ceil(sum(entry.size for entry in entries) / max(shard_bytes, 1)))
    number = min(number, len(entries))
    order = np.random.default_rng(0).permutation(len(entries))
    return [[entries[place] for place in order[part::number]] for part in range(number)]


def _example(tf: Any, manifest: Manifest, entry: Entry) -> bytes | Problem:
    """One serialized tf.train.Example, or the problem that prevents it."""
    path = manifest.path(entry)
    try:
        data, form, width, height = _encode(read_bytes(path))
    except PictureError as picture_error:
        text = Text("{path} was skipped: {reason}", "{path} se omitió: {reason}")
        reason = Text(picture_error.text("en"), picture_error.text("es"))
        return warning("vanished", text.fill(path=path, reason=reason), "file", path=path)

    def bytes_feature(value: bytes) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def int_feature(value: int) -> Any:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    features = {
        "image/encoded": bytes_feature(data), "image/format": bytes_feature(form),
        "image/class/label": int_feature(entry.label),
        "image/class/text": bytes_feature(manifest.header.class_names[entry.label].encode()),
        "image/filename": bytes_feature(entry.path.encode()), "image/width": int_feature(width),
        "image/height": int_feature(height)}
    record: bytes = tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
    return record


def _encode(data: bytes) -> tuple[bytes, bytes, int, int]:
    """Bytes that tf.io.decode_image decodes to the displayed picture, with format, width and height.

    Plain JPEG and PNG files stay unchanged; files that TensorFlow cannot read, or would not rotate, become PNG.
    """
    header = read_header(data)
    plain = header.orientation == 1 and header.bit_depth == 8 and header.color not in ("cmyk", "ycck")
    if plain and header.format in ("JPEG", "PNG") and not header.animated:
        return data, header.format.lower().encode(), header.width, header.height
    pixels = decode(data, channels=4 if header.has_alpha else 3)
    code = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _done, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, code))
    return encoded.tobytes(), b"png", pixels.shape[1], pixels.shape[0]


def _count_records(tf: Any, place: Path, link: Link) -> Iterator[int]:
    """The records of each file, read back."""
    for path in sorted(place.glob("*.tfrecord")):
        link.check()
        yield sum(1 for _record in tf.data.TFRecordDataset(str(path)))
