"""`predict --sort-to` and `--undo-sort`: pictures into folders by their predicted class, and back."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.cli.output import Output
from cnnstudio.core.jobs import Prediction
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets.sorted_folders import SortedFolders, undo_sort


class Sorting:
    """Sorts each picture as its answer comes."""

    def __init__(self, target: Path, min_probability: float, dry: bool) -> None:
        self._sorted = SortedFolders(target, min_probability, dry)
        self._dry = dry

    def add(self, answer: Prediction) -> None:
        """Sort the picture of an answer; raises ProblemError where nothing more can be written."""
        best = answer.top[0] if answer.problem is None and answer.top else None
        self._sorted.add(answer.path, best.label if best is not None else None, best.probability if best is not None else 0.0,
                         bool(answer.not_sure))

    def report(self, output: Output) -> None:
        """Print the folders with their numbers of pictures and first names."""
        done = self._sorted
        output.problems(done.problems)
        folders = [{"folder": plan.name, "images": plan.count, "first": plan.first} for plan in done.folders.values()]
        text = Text("{target}: would copy pictures {n:,}", "{target}: copiaría imágenes {n:,}") if self._dry \
            else Text("{target}: pictures copied {n:,}", "{target}: imágenes copiadas {n:,}")
        head = str(text.fill(target=done.target, n=done.count))
        if done.left_out:
            head += tr(", without an answer {n:,}", ", sin respuesta {n:,}", n=done.left_out)
        lines = [head, *(on_one_line(f"  {plan.name}: {plan.count}  ({', '.join(plan.first)}"
                                     + (", …)" if plan.count > len(plan.first) else ")"))
                         for plan in done.folders.values())]
        if done.count and not self._dry:
            lines.append(tr("To take it back: cnnstudio predict --undo-sort \"{target}\"",
                            "Para deshacerlo: cnnstudio predict --undo-sort \"{target}\"", target=done.target))
        output.line({"event": "sorted", "folder": str(done.target), "dry_run": self._dry, "images": done.count,
                     "unanswered": done.left_out, "not_copied": len(done.problems), "folders": folders}, "\n".join(lines))


def undo(target: Path, output: Output) -> int:
    """Remove the copies of the last sort; what was changed since is named and left."""
    done = undo_sort(target)
    if done.changed:
        text = Text("Changed since, and left: {names}.", "Cambiadas desde entonces y conservadas: {names}.")
        output.problems([warning("changed_copies", text.fill(names=", ".join(map(on_one_line, done.changed[:20]))), "file",
                                 path=target)], as_lines=False)
    output.line({"event": "sort_undone", "folder": str(target), "removed": done.removed, "changed": list(done.changed),
                 "gone": done.gone},
                tr("{target}: copies removed {n:,}, changed and left {k:,}, already gone {m:,}",
                   "{target}: copias borradas {n:,}, cambiadas y conservadas {k:,}, ya ausentes {m:,}", target=target,
                   n=done.removed, k=len(done.changed), m=done.gone))
    return 0
