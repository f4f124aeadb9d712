"""The bench of architectures: what depth, filters, stride, padding and pooling cost, and what they let a network see."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="architecture", title=Text("Architecture", "Arquitectura"), group="layers", icon="network",
    help=Text("Depth, filters, stride, padding and pooling: what each choice costs, and how far the network sees.",
              "Profundidad, filtros, paso, relleno y agrupamiento: lo que cuesta cada decisión y hasta dónde ve la red."),
    view="cnnstudio.gui.pages.learn.benches.architecture.view:ArchitectureView")
