"""An epoch of a small CNN on 32 x 32 pictures, without and with the four augmentations."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.epochs import measure_epochs, rows
from tests.benchmarks.material import measured, show, where_from

COUNT = 4000


def network(front: list[Any]) -> Any:
    """Three convolutions and two Dense layers, as Keras's CIFAR tutorial has them."""
    import keras
    from keras import layers

    return keras.Sequential([
        keras.Input((32, 32, 3)), *front, layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])


def measure(rounds: int) -> None:
    measure_epochs(network, "cifar10_sample/train", COUNT, 32, rounds)


def run(rounds: int = 5) -> list[dict[str, Any]]:
    """Rows of the table."""
    return rows(f"a small CNN at 32 x 32 ({where_from()})", COUNT, measured("epoch_cifar", rounds))


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
