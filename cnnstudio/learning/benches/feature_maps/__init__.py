"""The bench of feature maps: what the layers of a trained network answer, and how much of the picture they see."""

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH = Bench(
    id="feature_maps", title=Text("Feature maps", "Mapas de características"), group="trained", icon="eye",
    help=Text("Go down through a trained network: the deeper the layer, the more of the picture one of its values sees.",
              "Recorra en profundidad una red entrenada: cuanto más profunda la capa, más ve de la imagen cada uno de sus "
              "valores."),
    view="cnnstudio.gui.pages.learn.benches.feature_maps.view:FeatureMapsView", needs_run=True)
