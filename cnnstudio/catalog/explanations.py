"""The ways to explain an answer: which parts of a picture made the network choose a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.core.params import Choice, Float, Int, Option, Param, Value, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A method that gives a map of a picture: larger where the class owes more of its score.

    `function` is "module:name" in `cnnstudio.engine.explaining`. `passes` is about how many pictures the network computes
    for one map, by the completed parameters: the hint of how long it takes.
    """

    id: str
    label: Text
    help: Text
    source: str
    formula: str
    function: str
    params: tuple[Param, ...] = ()
    needs_maps: bool = False
    """It explains at a layer with feature maps, which only a network with a convolution has."""
    signed: bool = False
    """Negative values are against the class."""
    complete: bool = False
    """Its values add up to the difference of the scores of the picture and of the baseline."""
    grain: float = 0.0
    """By how much of its side a map is smoothed to be seen: 0 for maps that are smooth."""
    passes: Callable[[Mapping[str, Value]], int] = lambda _values: 3

    def values(self, params: Mapping[str, Value]) -> dict[str, Any]:
        """The parameters, with the defaults of those that are not named."""
        return with_defaults(self.params, params)


_BASELINES: Final = (
    Option("black", Text("Black", "Negro")), Option("grey", Text("Grey", "Gris")), Option("white", Text("White", "Blanco")),
    Option("mean", Text("Mean colour of the picture", "Color medio de la imagen")),
    Option("blur", Text("The blurred picture", "La imagen desenfocada")))


def _baseline(default: str, help: Text) -> Choice:
    return Choice(name="baseline", default=default, label=Text("Baseline", "Referencia"), help=help, options=_BASELINES)


def _positions(values: Mapping[str, Value]) -> int:
    stride = float(values["stride"])
    return 1 + (round(1 / stride) + 1) ** 2


GRADCAM: Final = Explanation(
    id="gradcam", label=same("Grad-CAM"), needs_maps=True, function="cams:gradcam",
    source="Selvaraju et al., 2017 (arXiv:1610.02391)",
    formula="ReLU(Σₖ wₖ · Aₖ), wₖ = (1 / hw) · Σᵢⱼ ∂S/∂Aᵢⱼₖ",
    help=Text("Feature maps of a layer, weighted by how much each raises the score of the class. Quick; as coarse as the "
              "layer.",
              "Mapas de características de una capa, ponderados según cuánto sube cada uno la puntuación de la clase. "
              "Rápido; tan grueso como la capa."))

GRADCAMPP: Final = Explanation(
    id="gradcampp", label=same("Grad-CAM++"), needs_maps=True, function="cams:gradcam_plus_plus",
    source="Chattopadhay et al., 2018 (arXiv:1710.11063)",
    formula="ReLU(Σₖ wₖ · Aₖ), wₖ = Σᵢⱼ α · ReLU(g), α = g² / (2g² + g³ · Σᵢⱼ Aᵢⱼₖ), g = ∂S/∂Aᵢⱼₖ",
    help=Text("As Grad-CAM, with weights that also find several objects of the class in one picture.",
              "Como Grad-CAM, con pesos que también encuentran varios objetos de la clase en una misma imagen."))

HIRESCAM: Final = Explanation(
    id="hirescam", label=same("HiRes-CAM"), needs_maps=True, function="cams:hirescam",
    source="Draelos and Carin, 2020 (arXiv:2011.08891)", formula="ReLU(Σₖ (∂S/∂Aᵢⱼₖ) · Aᵢⱼₖ)",
    help=Text("Feature maps times their gradients at each position: it shows only places that the network really used.",
              "Mapas de características por sus gradientes en cada posición: muestra solo los lugares que la red usó "
              "realmente."))

INTEGRATED_GRADIENTS: Final = Explanation(
    id="integrated_gradients", label=Text("Integrated gradients", "Gradientes integrados"), signed=True, complete=True,
    grain=0.015,
    function="input_gradients:integrated_gradients", source="Sundararajan et al., 2017 (arXiv:1703.01365)",
    formula="Σ (x − x′) · ∫₀¹ ∂S(x′ + t · (x − x′))/∂x dt",
    help=Text("How much each pixel adds to the score on the way from a baseline to the picture; together they add up to the "
              "difference of both scores. Works for every network.",
              "Cuánto aporta cada píxel a la puntuación en el camino desde una referencia hasta la imagen; juntos suman la "
              "diferencia de ambas puntuaciones. Sirve para cualquier red."),
    params=(
        Int(name="steps", default=32, minimum=2, maximum=1000, step=10, label=Text("Steps", "Pasos"),
            help=Text("Pictures on the way; more of them are more exact and slower.",
                      "Imágenes en el camino; cuantas más, más exacto y más lento.")),
        _baseline("black", Text("The picture without information, from which the way begins.",
                                "La imagen sin información, desde la que empieza el camino.")),
    ), passes=lambda values: 3 * int(values["steps"]))

SMOOTHGRAD: Final = Explanation(
    id="smoothgrad", label=same("SmoothGrad"), grain=0.015, function="input_gradients:smoothgrad",
    source="Smilkov et al., 2017 (arXiv:1706.03825)", formula="max |(1 / n) · Σ ∂S(x + ε)/∂x|, ε ~ N(0, σ²)",
    help=Text("The gradient of the score by the pixels, averaged over noisy copies of the picture: which pixels the score is "
              "sensitive to. Works for every network.",
              "El gradiente de la puntuación respecto a los píxeles, promediado sobre copias ruidosas de la imagen: a qué "
              "píxeles es sensible la puntuación. Sirve para cualquier red."),
    params=(
        Int(name="samples", default=25, minimum=1, maximum=500, step=5, label=Text("Samples", "Muestras"),
            help=Text("Noisy copies of the picture.", "Copias ruidosas de la imagen.")),
        Float(name="noise", default=0.15, minimum=0.0, maximum=1.0, step=0.05, decimals=2, label=Text("Noise", "Ruido"),
              help=Text("Standard deviation of the noise, as a share of the range of the picture's values.",
                        "Desviación estándar del ruido, como proporción del rango de valores de la imagen.")),
    ), passes=lambda values: 3 * int(values["samples"]))

OCCLUSION: Final = Explanation(
    id="occlusion", label=Text("Occlusion", "Oclusión"), signed=True, grain=0.03, function="occlusion:occlusion",
    source="Zeiler and Fergus, 2014 (arXiv:1311.2901)",
    formula="(1 / n) · Σₚ (S(x) − S(xₚ)), p ∋ (i, j)",
    help=Text("Covers a part of the picture after the other and measures how far the score falls. Uses no gradient; works for "
              "every network.",
              "Tapa una parte de la imagen tras otra y mide cuánto baja la puntuación. No usa gradientes; sirve para cualquier "
              "red."),
    params=(
        Float(name="patch", default=0.2, minimum=0.02, maximum=0.9, step=0.05, decimals=2, label=Text("Patch", "Parche"),
              help=Text("Side of the covered part, as a share of the side of the picture.",
                        "Lado de la parte tapada, como proporción del lado de la imagen.")),
        Float(name="stride", default=0.1, minimum=0.01, maximum=0.9, step=0.05, decimals=2, label=Text("Stride", "Paso"),
              help=Text("How far the patch moves, as a share of the side; smaller is finer and slower.",
                        "Cuánto se mueve el parche, como proporción del lado; cuanto menor, más fino y más lento.")),
        _baseline("mean", Text("What the patch is filled with.", "Con qué se rellena el parche.")),
    ), passes=_positions)

EXPLANATIONS: Final = Registry("explanation", (GRADCAM, GRADCAMPP, HIRESCAM, INTEGRATED_GRADIENTS, SMOOTHGRAD, OCCLUSION))
