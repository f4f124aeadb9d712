"""A program that computes the feature maps of a layer with Keras."""

from __future__ import annotations

import numpy as np

from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.printing import picture_imports, picture_lines


def maps_code(model: str, layer: str, pixels: np.ndarray) -> Code:
    """The maps of `layer` ("base/block" within a nested model) of a model file for the prepared pixels (height, width,
    channels); prints the shape, the greatest value and the greatest of each map."""
    outer, _, inner = layer.partition("/")
    lines = [*picture_imports(pixels), "import keras", "import numpy as np", "", *picture_lines(pixels), "",
             f"model = keras.models.load_model({model!r}, compile=False)"]
    if inner:
        lines += [f"base = model.get_layer({outer!r})",
                  "entering = keras.Model(model.inputs, base._inbound_nodes[-1].input_tensors[0])",
                  f"look = keras.Model(base.inputs, base.get_layer({inner!r}).output)",
                  "maps = look.predict(entering.predict(picture[None], verbose=0), verbose=0)[0]"]
    else:
        lines += [f"look = keras.Model(model.inputs, model.get_layer({layer!r}).output)",
                  "maps = look.predict(picture[None], verbose=0)[0]"]
    lines += ["print(maps.shape, float(maps.max()))", "print(maps.max(axis=(0, 1)).tolist())", ""]
    return Code("Keras", "\n".join(lines), needs=("keras",))
