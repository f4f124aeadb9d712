"""An epoch of the course's two-convolution CNN on photos at 224 x 224, without and with the four augmentations."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.epochs import measure_epochs, rows
from tests.benchmarks.material import measured, show, where_from

COUNT = 160


def network(front: list[Any]) -> Any:
    """Two convolutions with pooling, one Dense layer, two classes."""
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input((224, 224, 3)), *front, layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(64, activation="relu"), layers.Dense(2, activation="softmax")])


def measure(rounds: int) -> None:
    measure_epochs(network, "cats_dogs/train", COUNT, 224, rounds)


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Rows of the table."""
    return rows(f"the two-convolution CNN at 224 x 224 ({where_from()})", COUNT, measured("epoch_photos", rounds))


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
