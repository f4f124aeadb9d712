"""All benchmarks as one Markdown table: `python -m tests.benchmarks [NAME ...]`. Not tests: nothing fails."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time

NAMES = ("window", "index", "thumbnails", "augmentation", "epoch_cifar", "epoch_photos", "training", "frozen_base", "gaps",
         "predict", "waits", "accuracies", "audit", "map", "grid", "million", "canvas", "figures", "explanations", "benches")


def main() -> None:
    wanted = sys.argv[1:] or NAMES
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
          f"Python {platform.python_version()}\n")
    print("| work | CNN Studio | the plain script | ratio | target |\n|---|---|---|---|---|")
    for name in wanted:
        for row in importlib.import_module(f"tests.benchmarks.{name}").run():
            print(f"| {row['work']} | {row['ours']} | {row['script']} | {row['ratio']:.2f} | {row['target']} |", flush=True)


if __name__ == "__main__":
    main()
