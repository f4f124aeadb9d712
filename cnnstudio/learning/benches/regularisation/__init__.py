"""The bench of regularisation: small trainings side by side, and the gap between what was learned and what was understood."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="regularisation", title=Text("Regularisation", "Regularización"), group="training", icon="train",
    help=Text("A small network learns few pictures, with and without remedies for overfitting: the gap of the curves, live.",
              "Una red pequeña aprende pocas imágenes, con y sin remedios contra el sobreajuste: la distancia entre las "
              "curvas, en vivo."),
    view="cnnstudio.gui.pages.learn.benches.regularisation.view:RegularisationView")
