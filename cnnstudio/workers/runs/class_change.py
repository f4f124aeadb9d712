"""What a class more cost the earlier classes of a model, in words and with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import ClassesAdded
from cnnstudio.core.text import Text
from cnnstudio.datasets.paired import SIGNIFICANT
from cnnstudio.workers.runs.folder import RunFolder


def class_change(run: RunFolder) -> ClassesAdded | None:
    """What the run told when its training ended; None for one that added no class, or has not ended."""
    if not run.origin().added:
        return None
    return next((event for event in reversed(run.events()) if isinstance(event, ClassesAdded)), None)


def p_value(change: ClassesAdded) -> float:
    """The p value of McNemar's exact test of the answers for pictures of earlier classes, before and after."""
    from scipy.stats import binomtest

    apart = change.only_before + change.only_after
    return float(binomtest(change.only_before, apart).pvalue) if apart else 1.0


def change_lines(change: ClassesAdded) -> Sequence[tuple[Text, Text]]:
    """(what, figure) of a change: the accuracy of the earlier classes before and after, and of the new ones."""
    names = ", ".join(change.names)
    lines = [(Text("Earlier classes, before", "Clases anteriores, antes"), _accuracy(change.right_before, change.earlier)),
             (Text("Earlier classes, now", "Clases anteriores, ahora"), _accuracy(change.right_after, change.earlier))]
    if change.new:
        lines.append((Text("New class, {names}", "Clase nueva, {names}").fill(names=names),
                      _accuracy(change.right_new, change.new)))
    measured = {"test": Text("{n:,} test pictures, which neither model was trained on",
                             "{n:,} imágenes de prueba, con las que no se entrenó ninguno de los dos modelos"),
                "validation": Text("{n:,} validation pictures, which neither model was trained on",
                                   "{n:,} imágenes de validación, con las que no se entrenó ninguno de los dos modelos")}
    lines.append((Text("Measured on", "Medido con"), measured["test" if change.split == "test" else "validation"].fill(
        n=change.earlier + change.new)))
    return lines


def _accuracy(right: int, of: int) -> Text:
    share = right / of
    low, high = wilson_interval(share, of)
    return Text("{share:.1%} ({right:,} of {of:,}; 95% interval {low:.1%} to {high:.1%})",
                "{share:.1%} ({right:,} de {of:,}; intervalo del 95 %: de {low:.1%} a {high:.1%})").fill(
                    right=right, of=of, share=share, low=low, high=high)


def change_verdict(change: ClassesAdded) -> Text:
    """Whether the earlier classes lost by it, in a sentence."""
    if not change.only_before and not change.only_after:
        text = Text("No answer for a picture of the earlier classes became right or wrong.",
                    "Ninguna respuesta a una imagen de las clases anteriores pasó a ser correcta o incorrecta.")
    elif p_value(change) >= SIGNIFICANT:
        text = Text("The earlier classes are recognised about as well as before. Right answers that became wrong: {lost:,}; "
                    "wrong ones that became right: {won:,}. Such a difference is within chance (McNemar's exact test, p {p}).",
                    "Las clases anteriores se reconocen más o menos igual que antes. Aciertos que pasaron a errores: {lost:,}; "
                    "errores que pasaron a aciertos: {won:,}. Una diferencia así la explica el azar (prueba exacta de McNemar, "
                    "p {p}).")
    elif change.only_before > change.only_after:
        text = Text("The earlier classes are recognised less well than before. Right answers that became wrong: {lost:,}; "
                    "wrong ones that became right: {won:,} (McNemar's exact test, p {p}). Let the last layers learn too, or "
                    "train the network anew.",
                    "Las clases anteriores se reconocen peor que antes. Aciertos que pasaron a errores: {lost:,}; errores que "
                    "pasaron a aciertos: {won:,} (prueba exacta de McNemar, p {p}). Deje aprender también las últimas capas o "
                    "entrene la red de nuevo.")
    else:
        text = Text("The earlier classes are recognised better than before. Wrong answers that became right: {won:,}; right "
                    "ones that became wrong: {lost:,} (McNemar's exact test, p {p}).",
                    "Las clases anteriores se reconocen mejor que antes. Errores que pasaron a aciertos: {won:,}; aciertos que "
                    "pasaron a errores: {lost:,} (prueba exacta de McNemar, p {p}).")
    value = p_value(change)
    shown = f"= {value:.3f}" if value >= 0.001 else "< 0.001"
    filled = text.fill(lost=change.only_before, won=change.only_after, p=Text(shown, shown.replace(".", ",")))
    if not change.taken:
        return filled
    return Text("{text} Their pictures that are taken for {names}: {n:,}.",
                "{text} Imágenes de ellas que se toman por {names}: {n:,}.").fill(
                    text=filled, n=change.taken, names=", ".join(change.names))
