"""The bench of tensors: shapes as boxes, reshaping, transposing, broadcasting, and where the channels stand."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="tensors", title=Text("Tensors", "Tensores"), group="data", icon="grid",
    help=Text("From a number to a batch of pictures: shapes as boxes, and what reshape, transpose and broadcasting do to them.",
              "De un número a un lote de imágenes: las formas como cajas y lo que hacen con ellas reshape, transpose y la "
              "difusión (broadcasting)."),
    view="cnnstudio.gui.pages.learn.benches.tensors.view:TensorsView")
