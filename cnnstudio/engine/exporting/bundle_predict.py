"""Classify pictures with the model beside this file.

    python predict.py PATH... [--json] [--top K] [--follow-links]
    python predict.py --verify [FOLDER] [--json]

It needs what requirements.txt names: the engine of the model, OpenCV, Pillow and NumPy (for HEIC pi-heif, too):
    pip install -r requirements.txt

A PATH is a picture or a folder of pictures; what is left out of a folder is counted on standard error.
--json prints one JSON object a line:
    {"path": ..., "label": ..., "probability": ..., "top": [{"label": ..., "probability": ...}, ...]}
with "not_sure": true or false where the model has a reject option, and "set": [...] where that has conformal sets;
or, for what is no readable picture, {"path": ..., "problem": {"code": ..., "text": ...}}.

--verify compares the answers with those that the trained model gave: for the samples, and for every picture in FOLDER that was
compared when this folder was written (expected.json knows them by their content). With --json it prints one object:
    {"verified": true or false, "pictures": n, "top1_agreement": share, "max_abs_difference": d, "tolerance": t}
and the exit code is 0 where the answers are the same, 1 where they are not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BATCH = 32
NO_NUMBER = {"en": "{path} was not classified: the model answers with values that are no numbers (NaN).",
             "es": "{path} no se clasificó: el modelo responde con valores que no son números (NaN)."}
VERIFIED = {
    "en": {True: "The same answers as the trained model: {n} pictures, largest difference {difference:.1e}.",
           False: "NOT the same answers as the trained model: {same} of {n} pictures have the same class, largest difference "
                  "{difference:.1e}."},
    "es": {True: "Las mismas respuestas que el modelo entrenado: {n} imágenes, diferencia máxima {difference:.1e}.",
           False: "NO son las mismas respuestas que las del modelo entrenado: {same} de {n} imágenes tienen la misma clase, "
                  "diferencia máxima {difference:.1e}."},
}
NOT_SURE = {"en": "not sure", "es": "sin certeza"}
FAULTS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RuntimeError, NotImplementedError,
          ArithmeticError, RecursionError, zipfile.BadZipFile)
"""What damaged files raise."""


def on_one_line(text: str) -> str:
    """Escape line breaks and other control characters in the name of a file or class."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda match: repr(match.group())[1:-1], text)


def chosen_language() -> str:
    """The language of the messages: Spanish where the system's is, else English."""
    return "es" if os.environ.get("LANG", "").startswith("es") else "en"


class DamagedBundle(Exception):
    """A file of this folder cannot be used."""

    def __init__(self, name: str, reason: object) -> None:
        super().__init__(name)
        self.name, self.reason = name, str(reason) or type(reason).__name__

    def text(self) -> str:
        """What is wrong, on one line."""
        if chosen_language() == "es":
            return f"{HERE / self.name} está dañado ({self.reason}): exporte el paquete de nuevo."
        return f"{HERE / self.name} is damaged ({self.reason}): export the bundle again."


def read_json(name: str, members: dict[str, type]) -> Any:
    """An object in a file of this folder with these members; raises DamagedBundle."""
    try:
        value = json.loads((HERE / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedBundle(name, error) from error
    for member, kind in members.items():
        if not isinstance(value, dict) or not isinstance(value.get(member), kind):
            raise DamagedBundle(name, member)
    return value


def load_model(name: str, class_count: int, label_mode: str) -> Any:
    """What answers pixels; raises DamagedBundle, also where it has not as many outputs as there are classes."""
    from runtime import open_model  # type: ignore[import-not-found]

    if not (HERE / name).is_file():
        raise DamagedBundle(name, "no está" if chosen_language() == "es" else "it is missing")
    try:
        opened = open_model(HERE / name)
    except ImportError:
        raise
    except Exception as error:
        raise DamagedBundle(name, str(error).partition("\n")[0]) from error
    if class_count != (2 if label_mode == "binary" and opened.outputs == 1 else opened.outputs):
        raise DamagedBundle("classes.json", f"{class_count} / {opened.outputs}")
    return opened.predict


def read_calibration(classes: Any) -> tuple[float, Any]:
    """The temperature that is still to be applied, and the reject option or None; raises DamagedBundle."""
    from answering import RULES  # type: ignore[import-not-found]

    calibration = classes.get("calibration")
    if calibration is None:
        return 1.0, None
    try:
        temperature = 1.0 if calibration.get("inside") else float(calibration.get("temperature", 1.0))
        rejection = calibration.get("rejection")
        if rejection is not None:
            rejection = {"kind": str(rejection["kind"]), "threshold": float(rejection["threshold"]),
                         "has_sets": bool(rejection["has_sets"])}
            if rejection["kind"] not in RULES:
                raise ValueError(rejection["kind"])
    except FAULTS as error:
        raise DamagedBundle("classes.json", error) from error
    return temperature, rejection


def answers(paths: list[str], top: int = 5) -> Iterator[dict[str, Any]]:
    """A dictionary for each path, in their order. `top`: how many classes, 0 for all."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    import numpy as np
    from answering import answer_sets, is_sure, scale
    from pixels.decode import count_not_numbers  # type: ignore[import-not-found]
    from pixels.errors import PictureError, disk_reason, disk_text  # type: ignore[import-not-found]
    from pixels.picture_files import read_regular  # type: ignore[import-not-found]
    from pixels.prepare import prepare  # type: ignore[import-not-found]
    from pixels.steps import STEPS  # type: ignore[import-not-found]

    recipe = read_json("recipe.json", {"height": int, "width": int})
    classes = read_json("classes.json", {"class_names": list, "label_mode": str, "model": str})
    names = classes["class_names"]
    temperature, rejection = read_calibration(classes)
    predict = load_model(classes["model"], len(names), classes["label_mode"])
    language = chosen_language()

    def read(path: str) -> Any:
        """The picture's pixels, or its problem: {"code", "text"}."""
        try:
            data = read_regular(path)
            picture = prepare(data, recipe, STEPS)
            if count := count_not_numbers(data):
                meaning = ("{n} muestras no son números (NaN) o son infinitas: NaN y −∞ se leen como negro y +∞ como blanco"
                           if language == "es" else
                           "{n} samples are not numbers (NaN) or infinite: NaN and −∞ are read as black, +∞ as white")
                print(on_one_line(f"{path}: {meaning.format(n=count)}."), file=sys.stderr)
            return picture
        except PictureError as picture_error:
            return {"code": f"picture_{picture_error.code}", "text": f"{Path(path).name}: {picture_error.text(language)}"}
        except OSError as os_error:
            reason = "no se puede leer" if language == "es" else "cannot be read"
            return {"code": "cannot_read", "text": f"{path} {reason}: {disk_text(disk_reason(os_error), language)}."}
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise DamagedBundle("recipe.json", error) from error

    for begin in range(0, len(paths), BATCH):
        part = paths[begin:begin + BATCH]
        read_part = [read(path) for path in part]
        good = [result for result in read_part if not isinstance(result, dict)]
        result: Iterator[Any] = iter(())
        if good:
            try:
                values = np.asarray(predict(np.stack(good).astype(np.float32)))
            except Exception as error:
                raise DamagedBundle("recipe.json", str(error).partition("\n")[0]) from error
            if classes["label_mode"] == "binary" and values.shape[-1] == 1:
                values = np.concatenate([1.0 - values, values], axis=-1)
            result = iter(scale(values, temperature))
        for path, picture in zip(part, read_part, strict=True):
            if isinstance(picture, dict):
                yield {"path": path, "problem": picture}
                continue
            chances = next(result)
            if not np.isfinite(chances).all():
                yield {"path": path, "problem": {"code": "answer_not_a_number", "text": NO_NUMBER[language].format(path=path)}}
                continue
            order = np.argsort(-chances, kind="stable")
            best = [{"label": names[number], "probability": round(float(chances[number]), 6)} for number in order[:top or None]]
            answer = {"path": path, "label": best[0]["label"], "probability": best[0]["probability"], "top": best}
            if rejection is not None:
                remaining = answer_sets(chances[None], rejection["kind"], rejection["threshold"])
                answer["not_sure"] = not is_sure(remaining)[0]
                if rejection["has_sets"]:
                    answer["set"] = [names[number] for number in order if remaining[0][number]]
            yield answer


def verify(folders: list[str], follow_links: bool, as_json: bool) -> int:
    """Compare answers with those of the trained model; the exit code."""
    check = read_json("check.json", {"tolerance": float})
    expected = dict(known_samples())
    expected.update(known_pictures(folders, follow_links))
    wanted_names = list(read_json("classes.json", {"class_names": list})["class_names"])
    same, largest, compared = 0, 0.0, 0
    problems = []
    for answer in answers(list(expected), top=0):
        if "problem" in answer:
            problems.append(answer["problem"]["text"])
            continue
        wanted = expected[answer["path"]]
        given = {best["label"]: best["probability"] for best in answer["top"]}
        compared += 1
        differences = [abs(given[name] - probability) for name, probability in zip(wanted_names, wanted, strict=True)]
        largest = max(largest, *differences)
        same += answer["label"] == wanted_names[max(range(len(wanted)), key=wanted.__getitem__)]
    for text in problems:
        print(on_one_line(text), file=sys.stderr)
    # Printed probabilities have six decimals.
    verified = bool(compared) and not problems and same == compared and largest <= check["tolerance"] + 1e-6
    if as_json:
        print(json.dumps({"verified": verified, "pictures": compared, "top1_agreement": same / max(1, compared),
                          "max_abs_difference": largest, "tolerance": check["tolerance"]}))
    else:
        print(VERIFIED[chosen_language()][verified].format(n=compared, same=same, difference=largest))
    return 0 if verified else 1


def known_samples() -> Iterator[tuple[str, list[float]]]:
    """The samples with the probabilities that must come out, in the order of the classes."""
    names = read_json("classes.json", {"class_names": list})["class_names"]
    try:
        samples = json.loads((HERE / "samples.json").read_text(encoding="utf-8"))
        for sample in samples:
            if set(sample["probabilities"]) != set(names):
                # Either file may have been changed; the classes are what people edit.
                raise DamagedBundle("classes.json", "samples.json: " + ", ".join(sample["probabilities"]))
            yield str(HERE / sample["path"]), [float(sample["probabilities"][name]) for name in names]
    except FAULTS as error:
        raise DamagedBundle("samples.json", error) from error


def known_pictures(folders: list[str], follow_links: bool) -> Iterator[tuple[str, list[float]]]:
    """The pictures in these folders that were compared when the bundle was written, with their probabilities."""
    if not folders:
        return
    from pixels.picture_files import list_pictures, read_regular

    pictures = read_json("expected.json", {"pictures": list})["pictures"]
    try:
        known = {picture["sha256"]: [float(value) for value in picture["probabilities"]] for picture in pictures}
    except FAULTS as error:
        raise DamagedBundle("expected.json", error) from error
    for path in list_pictures(folders, follow_links)[0]:
        try:
            digest = hashlib.sha256(read_regular(path)).hexdigest()
        except OSError:
            continue
        if digest in known:
            yield path, known[digest]


def main() -> int:
    """The exit code: 0, 1 if nobody reads the answers to their end, or 2 if no picture could be classified or this folder is
    damaged."""
    try:
        return classify()
    except DamagedBundle as damaged:
        print(on_one_line(damaged.text()), file=sys.stderr)
    except BrokenPipeError:
        # Whoever reads the answers has enough, as `head` has; flushing at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ImportError, SyntaxError) as error:
        name = getattr(error, "name", None) or getattr(error, "filename", None) or ""
        part = next((part for part in ("pixels", "answering", "runtime") if part in name), "")
        if not part:
            raise
        print(on_one_line(DamagedBundle(part, error).text()), file=sys.stderr)
    return 2


def classify() -> int:
    """Print the answers, or verify them; the exit code."""
    parser = argparse.ArgumentParser(description="Classify pictures / Clasificar imágenes")
    parser.add_argument("paths", nargs="*", metavar="PATH")
    parser.add_argument("--verify", action="store_true", help="repeat the check / repetir la comprobación")
    parser.add_argument("--json", action="store_true", help="one JSON object a line / un objeto JSON por línea")
    parser.add_argument("--top", type=int, default=5, metavar="K", help="classes to print, 0: all / clases, 0: todas")
    parser.add_argument("--follow-links", action="store_true", help="enter linked folders / entrar en carpetas enlazadas")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    # The folder stays as it was exported.
    sys.dont_write_bytecode = True
    if arguments.verify:
        return verify(arguments.paths, arguments.follow_links, arguments.json)
    if not arguments.paths:
        parser.error("PATH")
    from pixels.picture_files import list_pictures

    paths, left_out = list_pictures(arguments.paths, arguments.follow_links)
    for entry in left_out:
        print(on_one_line(entry.text(chosen_language())), file=sys.stderr)
    answered = 0
    for answer in answers(paths, arguments.top):
        answered += "problem" not in answer
        if arguments.json:
            print(json.dumps(answer, ensure_ascii=False), flush=True)
        elif "problem" in answer:
            print(on_one_line(f"{answer['path']}: {answer['problem']['text']}"), flush=True)
        else:
            ranking = ", ".join(f"{best['label']} {best['probability']:.2%}" for best in answer["top"])
            if answer.get("not_sure"):
                remaining = f" ({', '.join(answer['set'])})" if answer.get("set") else ""
                ranking = f"{NOT_SURE[chosen_language()]}{remaining}: {ranking}"
            print(on_one_line(f"{answer['path']}: {ranking}"), flush=True)
    return 0 if answered else 2


if __name__ == "__main__":
    sys.exit(main())
