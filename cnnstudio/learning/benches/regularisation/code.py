"""The training of the bench as Keras source: the child runs the same text that the user can copy."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.core.learning_jobs import Remedy
from cnnstudio.learning.benches.entry import Code

_HELPERS = '''\
def in_order(epoch):
    """The training pictures of an epoch in an order of its own."""
    order = np.random.default_rng([SEED, epoch]).permutation(len(x))
    return x[order], y[order]


def measure(model):
    """Loss and accuracy of the training and of the validation pictures, with nothing switched off."""
    return [float(value) for data in ((x, y), (val_x, val_y))
            for value in model.evaluate(*data, batch_size=256, verbose=0)]
'''


def data_source(path: str, seed: int) -> str:
    """Reads the pictures."""
    return "\n".join(["import keras", "import numpy as np", "", f"SEED = {seed}", f"with np.load({path!r}) as data:",
                      "    x, y, val_x, val_y = (data[name] for name in (\"x\", \"y\", \"val_x\", \"val_y\"))", "", "",
                      _HELPERS])


def model_source(remedy: Remedy, learning_rate: float, name: str = "make_model") -> str:
    """A function that makes the network with its remedies, ready to learn."""
    regularizer = _regularizer(remedy)
    own = f", kernel_regularizer={regularizer}" if regularizer else ""
    layers = ["keras.Input(x.shape[1:])", "keras.layers.Rescaling(1 / 255)"]
    if remedy.augmentation:
        layers += ['keras.layers.RandomRotation(0.05, fill_mode="nearest")',
                   'keras.layers.RandomTranslation(0.1, 0.1, fill_mode="nearest")',
                   'keras.layers.RandomZoom(0.1, fill_mode="nearest")']
    for filters in (16, 32):
        if remedy.batch_normalization:
            layers += [f'keras.layers.Conv2D({filters}, 3, padding="same", use_bias=False{own})',
                       "keras.layers.BatchNormalization(momentum=0.9)", "keras.layers.ReLU()"]
        else:
            layers += [f'keras.layers.Conv2D({filters}, 3, padding="same", activation="relu"{own})']
        layers.append("keras.layers.MaxPooling2D()")
    layers += ["keras.layers.Flatten()", f'keras.layers.Dense(64, activation="relu"{own})']
    if remedy.dropout:
        layers.append(f"keras.layers.Dropout({remedy.dropout!r})")
    layers.append('keras.layers.Dense(int(y.max()) + 1, activation="softmax")')
    return "\n".join([
        f"def {name}():", "    keras.utils.set_random_seed(SEED)", "    model = keras.Sequential([",
        *(f"        {layer}," for layer in layers), "    ])",
        f"    model.compile(keras.optimizers.Adam({learning_rate!r}), \"sparse_categorical_crossentropy\",",
        "                  metrics=[\"accuracy\"])",
        "    return model", ""])


def epoch_source(remedy: Remedy) -> str:
    """Lets `model` learn for one `epoch`."""
    return f"model.fit(*in_order(epoch), batch_size={remedy.batch_size}, shuffle=False, verbose=0)"


def program(remedy: Remedy, path: str, learning_rate: float, epochs: int, seed: int) -> str:
    """The whole training of one network; prints loss and accuracy of training and validation after every epoch."""
    return "\n".join([
        data_source(path, seed), "", model_source(remedy, learning_rate), "", "model = make_model()",
        f"for epoch in range({epochs}):", f"    {epoch_source(remedy)}", "    print(epoch + 1, *measure(model))", ""])


def codes(remedies: Sequence[tuple[str, Remedy]], path: str, learning_rate: float, epochs: int, seed: int
          ) -> tuple[Code, ...]:
    """A program for each network, by its label."""
    return tuple(Code(label, program(remedy, path, learning_rate, epochs, seed), needs=("keras",))
                 for label, remedy in remedies)


def _regularizer(remedy: Remedy) -> str:
    if remedy.l1 and remedy.l2:
        return f"keras.regularizers.L1L2({remedy.l1!r}, {remedy.l2!r})"
    if remedy.l1:
        return f"keras.regularizers.L1({remedy.l1!r})"
    return f"keras.regularizers.L2({remedy.l2!r})" if remedy.l2 else ""
