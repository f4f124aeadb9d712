"""The bench of `tf.data`: a pipeline of cards, and the elements that flow through it."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="pipeline", title=Text("Data pipeline (tf.data)", "Flujo de datos (tf.data)"), group="data", icon="list",
    help=Text("Put map, shuffle, batch and repeat in a row and watch the elements flow: the order of the cards decides what "
              "arrives.",
              "Ponga en fila map, shuffle, batch y repeat y vea pasar los elementos: el orden de las tarjetas decide lo que "
              "llega."),
    view="cnnstudio.gui.pages.learn.benches.pipeline.view:PipelineView")
