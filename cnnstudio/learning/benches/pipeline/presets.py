"""Pipelines to begin with."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.learning.benches.pipeline.pipeline import Card


class PipelinePreset(msgspec.Struct, frozen=True, kw_only=True):
    """Cards with a name."""

    id: str
    label: Text
    cards: tuple[Card, ...]


PRESETS: Final[Registry[PipelinePreset]] = Registry("pipeline preset", (
    PipelinePreset(id="training", label=Text("As for a training", "Como para entrenar"), cards=(
        Card(kind="range"), Card(kind="shuffle", values={"buffer_size": 10}), Card(kind="map"), Card(kind="batch"),
        Card(kind="prefetch"))),
    PipelinePreset(id="small_buffer", label=Text("A buffer that is too small", "Un búfer demasiado pequeño"), cards=(
        Card(kind="range", values={"stop": 16}), Card(kind="shuffle", values={"buffer_size": 2}))),
    PipelinePreset(id="batch_first", label=Text("batch before shuffle", "batch antes de shuffle"), cards=(
        Card(kind="range", values={"stop": 12}), Card(kind="batch"), Card(kind="shuffle"))),
    PipelinePreset(id="repeat_batch", label=Text("repeat before batch: epochs mix", "repeat antes de batch: se mezclan épocas"),
                   cards=(Card(kind="range", values={"stop": 6}), Card(kind="repeat"), Card(kind="batch"))),
    PipelinePreset(id="batch_repeat", label=Text("batch before repeat: epochs stay apart",
                                                 "batch antes de repeat: épocas separadas"),
                   cards=(Card(kind="range", values={"stop": 6}), Card(kind="batch"), Card(kind="repeat"))),
    PipelinePreset(id="split", label=Text("Split with take and skip", "Dividir con take y skip"), cards=(
        Card(kind="range"), Card(kind="skip", values={"count": 8}), Card(kind="take"))),
    PipelinePreset(id="labels", label=Text("Pictures with labels: zip", "Imágenes con etiquetas: zip"), cards=(
        Card(kind="range", values={"stop": 6}), Card(kind="zip", values={"count": 6}), Card(kind="batch", values={
            "batch_size": 2}))),
    PipelinePreset(id="endless", label=Text("For ever, and take", "Para siempre, y take"), cards=(
        Card(kind="range", values={"stop": 4}), Card(kind="repeat", values={"count": None}),
        Card(kind="take", values={"count": 10}))),
))
