"""`cnnstudio map`: positions of pictures by similarity, nearest pictures, and label quality."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cnnstudio.catalog.bases import BASES
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.run_audit import open_collection, scan_collection
from cnnstudio.core import events
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets.embedding import BUNDLED, Embedding, read_embedding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.evaluation.feature_sets import Neighbour
from cnnstudio.evaluation.maps import EvaluationMap
from cnnstudio.evaluation.neighbourhood import judge_neighbourhood
from cnnstudio.workers.embedding_jobs import embedding_job
from cnnstudio.workers.evaluation_maps import evaluation_map_job, find_map
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder, find_run
from cnnstudio.workers.runs.run_problems import no_model_problem


def map_pictures(arguments: argparse.Namespace, output: Output) -> int:
    """Exit code 0 done, 1 the job failed, 2 the folder or the arguments are wrong."""
    place: Path = arguments.place
    if arguments.split:
        return _map_split(arguments, output)
    model = _model(place, arguments.model)
    project, index, root = open_collection(place)
    try:
        if scan_collection(place, index, root, project, output) is None:
            return 2
        job = embedding_job(place, project, index, root, model, arguments.layout)
        last = run_job(job, output, lambda event: report_progress(event, output))
        if isinstance(last, events.Finished):
            _print_map(read_embedding(Path(job.target)), model, index, output)
        return exit_code(last, output)
    finally:
        index.close()


def _map_split(arguments: argparse.Namespace, output: Output) -> int:
    """The pictures of a split by the features of a run's model, with their neighbours among the training pictures."""
    run = find_run(arguments.place, None if arguments.model == BUNDLED else arguments.model)
    job = evaluation_map_job(run, arguments.split, layout=arguments.layout)
    last = run_job(job, output, lambda event: report_progress(event, output))
    found = find_map(job)
    if found is not None:
        _print_split(found, _predicted(run, arguments.split), output)
    return exit_code(last, output)


def _predicted(run: RunFolder, split: str) -> dict[str, str]:
    """What the run answered, by the absolute path of the picture; empty where it was not evaluated."""
    try:
        answers, manifest = calibrated_answers(run, split), read_located(run.manifest_path, run.project_folder)
    except ProblemError:
        return {}
    names = [answers.class_names[number] for number in answers.predicted.tolist()]
    files = {entry.path: str(manifest.path(entry)) for entry in manifest.entries}
    return {files.get(path, path): name for path, name in zip(answers.paths, names, strict=True)}


def _print_split(found: EvaluationMap, predicted: dict[str, str], output: Output) -> None:
    names = (*found.class_names, "")
    for row, path in enumerate(found.paths):
        label, answer = names[int(found.labels[row])], predicted.get(path, "")
        near = [Neighbour(path=found.train_paths[place], class_name=names[int(found.train_labels[place])],
                          distance=round(float(distance), 6))
                for place, distance in zip(found.near_train[row].tolist(), found.near_train_distance[row], strict=True)
                if place >= 0]
        judged = judge_neighbourhood(near, found.far, answer or label, label)
        x, y = (round(float(item), 5) for item in found.position[row])
        line = {"path": path, "x": x, "y": y, "class": label, "predicted": answer, "verdict": judged.verdict,
                "votes": dict(judged.votes), "neighbours": near}
        wrong = answer not in ("", label)
        columns = [path, f"{x:+.4f}", f"{y:+.4f}", label, *([f"→ {answer}", str(judged.text)] if wrong else [])]
        output.line(line, "\t".join(map(on_one_line, columns)))
    if not predicted:
        output.print_message(tr("The run was not evaluated on this split, so its answers are not named.",
                                "El entrenamiento no se evaluó con esta división, así que no se indican sus respuestas."))
    output.line({"event": "summary", "images": len(found.paths), "layer": found.layer, "layout": found.layout,
                 "far": round(found.far, 6)}, tr("pictures: {n}; features: {layer}", "imágenes: {n}; características: {layer}",
                                                 n=len(found.paths), layer=found.layer))


def _model(place: Path, name: str) -> str:
    """The id of a base or a run; raises ProblemError for any other text."""
    if name in BASES.ids():
        return name
    if (place / PROJECT_FILE).is_file():
        run: RunFolder = find_run(place, name)
        if run.has_model:
            return name
        raise ProblemError(no_model_problem(run))
    text = Text("There is no pretrained base called {name}. Available: {known}.",
                "No hay ninguna base preentrenada llamada {name}. Disponibles: {known}.")
    raise ProblemError(error("unknown_base", text.fill(name=name, known=", ".join(BASES.ids())), "run"))


def _print_map(embedding: Embedding, model: str, index: Index, output: Output) -> None:
    labels = {path: (class_name, split) for path, class_name, split in index.iterate(
        "SELECT path, class_name, split FROM pictures")}
    judged = len(embedding.label_quality) > 0
    for row, path in enumerate(embedding.paths):
        class_name, split = labels.get(path, ("", ""))
        x, y = (round(float(item), 5) for item in embedding.position[row])
        doubtful = bool(embedding.mislabeled[row])
        line: dict[str, Any] = {
            "path": path, "x": x, "y": y, "class": class_name, "split": split,
            "outlier": round(float(embedding.outlier[row]), 4),
            "label_quality": round(float(embedding.label_quality[row]), 4) if judged else None,
            "mislabeled": doubtful, "suggested": embedding.suggested[row] if judged else "",
            "neighbours": [embedding.paths[item] for item in embedding.neighbours[row].tolist() if item >= 0]}
        columns = [path, f"{x:+.4f}", f"{y:+.4f}", class_name]
        if doubtful:
            columns.append(f"→ {embedding.suggested[row]}?")
        output.line(line, "\t".join(map(on_one_line, columns)))
    for note in embedding.notes:
        output.print_message(str(note))
    wrong = int(embedding.mislabeled.sum())
    summary = {"event": "summary", "images": len(embedding.paths), "model": model, "layout": embedding.layout,
               "mislabeled": wrong, "notes": list(embedding.notes)}
    output.line(summary, tr("pictures: {images}; doubtful labels: {wrong}",
                            "imágenes: {images}; etiquetas dudosas: {wrong}", images=len(embedding.paths), wrong=wrong))
