"""LiteRT (TensorFlow Lite): one format, in four precisions."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.exporters import examples
from cnnstudio.catalog.exporters.entry import Content, Exporter, same
from cnnstudio.catalog.exporters.libraries import LITERT, QUANTIZER
from cnnstudio.core.text import Text

_WRITERS: Final = "cnnstudio.engine.exporting.litert_writers"
_CONTENTS: Final = (
    Content("serving_default", Text("the signature: pixels (n, height, width, channels) from 0 to 255, float32 → probabilities",
                                    "la firma: pixels (n, alto, ancho, canales) de 0 a 255, float32 → probabilities")),
    Content("cnnstudio.json, labels.txt", Text("recipe and classes, in the zip archive at the end of the same file",
                                               "la receta y las clases, en el archivo zip al final del mismo archivo")),
    Content("NAME.check.json", Text("the certificate, beside the file", "el certificado, junto al archivo")),
)


def _litert(id: str, label: Text, help: Text, writer: str, **fields: object) -> Exporter:
    defaults: dict[str, object] = {"tolerance": 1e-4, "libraries": (LITERT,)}
    return Exporter(
        id=id, label=label, help=help, suffix=".tflite", group="litert", writer=f"{_WRITERS}:{writer}", contents=_CONTENTS,
        opener="cnnstudio.engine.exporting.reopened:open_litert",
        recognizer="cnnstudio.engine.exporting.keras_writers:is_our_model", backend="tensorflow", devices=("cpu",),
        usage=lambda path: same(f"Interpreter(model_path={path!r}).get_signature_runner()"), examples=examples.LITERT,
        as_model=True, **(defaults | fields))  # type: ignore[arg-type]


LITERT_EXPORTERS: Final = (
    _litert("litert", Text("LiteRT", "LiteRT"),
            Text("One .tflite file for phones, small computers and fast prediction, in float32: it answers as the trained "
                 "model does.",
                 "Un archivo .tflite para móviles, ordenadores pequeños y predicción rápida, en float32: responde como el "
                 "modelo entrenado."), "write_float32"),
    _litert("litert_float16", Text("LiteRT, float16", "LiteRT, float16"),
            Text("Half the size. Probabilities change in the third decimal; the class almost never does.",
                 "La mitad de tamaño. Las probabilidades cambian en el tercer decimal; la clase, casi nunca."),
            "write_float16", precision="float16", tolerance=5e-2, mean_tolerance=5e-3, least_agreement=0.99),
    _litert("litert_dynamic", Text("LiteRT, 8-bit weights", "LiteRT, pesos de 8 bits"),
            Text("A quarter of the size: the weights are whole numbers, sums stay in float. It needs no calibration.",
                 "Una cuarta parte del tamaño: los pesos son números enteros, las sumas siguen en coma flotante. No necesita "
                 "calibración."),
            "write_dynamic", precision="int8", tolerance=0.5, mean_tolerance=0.03,
            least_agreement=0.95, libraries=(LITERT, QUANTIZER)),
    _litert("litert_int8", Text("LiteRT, int8", "LiteRT, int8"),
            Text("A quarter of the size and the quickest: weights and sums are whole numbers, with ranges measured on "
                 "training pictures. The certificate says what accuracy that costs, and which layers lose most.",
                 "Una cuarta parte del tamaño y lo más rápido: pesos y sumas son números enteros, con rangos medidos en "
                 "imágenes de entrenamiento. El certificado dice cuánta exactitud cuesta y qué capas pierden más."),
            "write_int8", precision="int8", tolerance=1.0, mean_tolerance=0.05, least_agreement=0.9, calibrates=True,
            libraries=(LITERT, QUANTIZER)),
)
