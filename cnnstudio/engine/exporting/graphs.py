"""The trained model as a graph of TensorFlow with named input and output, from which other formats are converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cnnstudio.engine.exporting.runtimes.saved_model_runtime import SIGNATURE

INPUT: Final = "pixels"
OUTPUT: Final = "probabilities"


def served(model: Any) -> tuple[Any, Any]:
    """(a module of TensorFlow that holds the weights, its function of float32 (n, height, width, channels) pixels as a
    concrete function)."""
    import tensorflow as tf

    class Served(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weights = [weight.value for weight in model.variables]

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def serve(self, pixels: Any) -> dict[str, Any]:
            return {OUTPUT: model(pixels, training=False)}

    module = Served()
    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=INPUT)
    return module, module.serve.get_concrete_function(spec)


def save(model: Any, folder: Path) -> None:
    """Write the model as a SavedModel with the signature `serving_default`: pixels -> probabilities."""
    import tensorflow as tf

    module, function = served(model)
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: function})
