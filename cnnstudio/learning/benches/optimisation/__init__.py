"""The bench of optimisation: optimizers side by side on a loss surface."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="optimisation", title=Text("Optimisation", "Optimización"), group="training", icon="map",
    help=Text("Optimizers run side by side on a loss surface: learning rates too small, right and too large, and schedules.",
              "Los optimizadores avanzan a la vez sobre una superficie de pérdida: tasas de aprendizaje demasiado pequeñas, "
              "adecuadas y demasiado grandes, y planes."),
    view="cnnstudio.gui.pages.learn.benches.optimisation.view:OptimisationView")
