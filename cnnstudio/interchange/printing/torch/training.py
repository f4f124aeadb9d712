"""The training loop of the printed PyTorch script: loss, class weights, optimizer, callbacks, epochs."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.component import TorchCallback, TorchLoss, TorchOptimizer
from cnnstudio.catalog.optimizers.common import clipping_lines
from cnnstudio.catalog.torch_form import NotInTorch, not_in_torch
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.core.item import Step
from cnnstudio.core.params import complete
from cnnstudio.core.problems import Problem
from cnnstudio.core.project import Project

_PROBABLE: Final = "answers.clamp(1e-7, 1 - 1e-7)"


def training_code(project: Project, loss: str, *, has_penalties: bool, mixes: bool) -> list[str]:
    """The lines from the seed to the saved weights; `Network`, `Pictures` and `mix` are printed before them.

    What PyTorch has no form of is named in a comment; without an optimizer the script ends where it would be made.
    """
    training, binary = project.training, project.dataset.label_mode == "binary"
    callbacks = _callbacks(project)
    stops = [line for form, values in callbacks if form.role == "stop" for line in form.lines(values)]
    plateaus = [line for form, values in callbacks if form.role == "plateau" for line in form.lines(values)]
    form = LOSSES[loss].torch
    by_number = isinstance(form, TorchLoss) and bool(form.numbers) and not binary and not mixes
    left_out = _unknown(project)
    lines = [
        *([f"# This version cannot print: {', '.join(left_out)}."] if left_out else []),
        *(f"# {problem.text}" for problem in training_problems(project, loss)),
        f"torch.manual_seed({training.seed})",
        'device = "cuda" if torch.cuda.is_available() else "cpu"',
        "network = Network().to(device)",
        f'train = DataLoader(Pictures("train"), batch_size={training.batch_size}, shuffle=True)',
        f'validation = DataLoader(Pictures("validation"), batch_size={training.batch_size})',
        "learning = [each for each in network.parameters() if each.requires_grad]",
        *_optimizer(project),
        *_class_weight(project), *_listed("plateaus", plateaus), *_listed("stops", stops), "", "",
        *_loss(loss, form, by_number), "", "", *_pass(project, binary, mixes, by_number, has_penalties), "", "",
        f"for epoch in range({training.epochs}):",
        "    logs = {}",
        '    logs["loss"], logs["accuracy"] = go_through(train, learn=True)',
        '    logs["val_loss"], logs["val_accuracy"] = go_through(validation, learn=False)',
        '    print(f"epoch {epoch + 1}: " + ", ".join(f"{name} {value:.4f}" for name, value in logs.items()))',
        *(["    for monitor, scheduler in plateaus:", "        scheduler.step(logs[monitor])"] if plateaus else []),
        *(["    if any([each.is_over(epoch, logs) for each in stops]):", "        break"] if stops else []),
        *(["for each in stops:", "    each.restore()"] if stops else []),
        "", "# Arrays by name, as load_weights reads them.",
        'np.savez("weights.npz", **{name: value.cpu().numpy() for name, value in network.state_dict().items()})',
    ]
    helpers = dict.fromkeys(form.helper for form, _values in callbacks if form.helper is not None)
    return [*(line for helper in helpers for line in (*helper.code.rstrip("\n").split("\n"), "", "")), *lines]


def training_problems(project: Project, loss: str) -> tuple[Problem, ...]:
    """What of the training PyTorch has no form of, each with the reason."""
    training, problems = project.training, []
    chosen = [("optimizer", OPTIMIZERS.find(training.optimizer.type)), ("loss", LOSSES.find(loss)),
              *(("callbacks", CALLBACKS.find(step.type)) for step in training.callbacks if step.enabled)]
    for field, entry in chosen:
        if entry is not None and isinstance(entry.torch, NotInTorch):
            problems.append(not_in_torch(entry.label.en, entry.torch, "training", field=field))
    return tuple(problems)


def _callbacks(project: Project) -> list[tuple[TorchCallback, dict[str, Any]]]:
    """The forms of the callbacks that are on, by registry order, with their values."""
    on = [step for step in project.training.callbacks if step.enabled]
    return [(entry.torch, complete(entry.params, step.params)) for entry in CALLBACKS for step in on
            if step.type == entry.id and isinstance(entry.torch, TorchCallback)]


def _unknown(project: Project) -> list[str]:
    """What a newer version or an extension put into the project."""
    steps: list[Step] = [step for step in project.training.callbacks if step.enabled and CALLBACKS.find(step.type) is None]
    names = [step.type for step in steps]
    return names if OPTIMIZERS.find(project.training.optimizer.type) is not None else [
        *names, project.training.optimizer.type]


def _optimizer(project: Project) -> list[str]:
    """The line that makes the optimizer, or one that ends the script and says what is missing."""
    kind = project.training.optimizer.type
    entry = OPTIMIZERS.find(kind)
    if entry is None or not isinstance(entry.torch, TorchOptimizer):
        name = literal(kind if entry is None else entry.label.en)
        return ["# Make an optimizer of PyTorch here:", "# optimizer = torch.optim...(learning, lr=...)",
                f'raise SystemExit("There is no optimizer in PyTorch that does what Keras does: " + {name})']
    return [f"optimizer = {entry.torch.code(complete(entry.params, project.training.optimizer.params))}"]


def _class_weight(project: Project) -> list[str]:
    if project.training.class_weight != "balanced":
        return []
    return ["# Rare classes count more: n / (classes * pictures of the class).",
            'seen = torch.tensor([row["label"] for row in rows if row["split"] == "train"])',
            "counts = torch.bincount(seen, minlength=len(CLASSES))",
            "class_weight = (len(seen) / (len(CLASSES) * counts.clamp(min=1))).to(device)"]


def _listed(name: str, lines: list[str]) -> list[str]:
    return [f"{name} = [", *(f"    {line}" for line in lines), "]"] if lines else []


def _loss(loss: str, form: object, by_number: bool) -> list[str]:
    about = f'    """{loss} of each picture; the answers are probabilities."""'
    if not isinstance(form, TorchLoss):
        return ["def losses_of(answers, labels):", about, f'    raise SystemExit("Write this loss here: {loss}")']
    body = (form.numbers if by_number else form.shares).format(probable=_PROBABLE)
    return ["def losses_of(answers, labels):", about, f"    return {body}"]


def _pass(project: Project, binary: bool, mixes: bool, by_number: bool, has_penalties: bool) -> list[str]:
    """One pass over a split."""
    entry = OPTIMIZERS.find(project.training.optimizer.type)
    values: dict[str, Any] = {} if entry is None else complete(entry.params, project.training.optimizer.params)
    decays = entry is not None and isinstance(entry.torch, TorchOptimizer) and entry.torch.decays
    body = ["pictures, labels = pictures.to(device), labels.to(device)"]
    if binary:
        body.append("labels = labels.float().unsqueeze(1)")
    elif not by_number:
        body.append("labels = F.one_hot(labels, len(CLASSES)).float()")
    if mixes:
        body += ["if learn:", "    pictures, labels = mix(pictures, labels)"]
    body += ["answers = network(pictures)", "losses = losses_of(answers, labels)"]
    if project.training.class_weight == "balanced":
        number = "(labels > 0.5).long().squeeze(1)" if binary else "labels" if by_number else "labels.argmax(1)"
        body += ["if learn:", f"    losses = losses * class_weight[{number}]"]
    body.append(f"loss = losses.mean(){' + penalties(network)' if has_penalties else ''}")
    body += ["if learn:", "    optimizer.zero_grad()", "    loss.backward()"]
    body += [f"    {line}" for line in clipping_lines(values)]
    if values.get("weight_decay") and not decays:
        body += ["    with torch.no_grad():  # weight_decay of Keras: apart from the gradient",
                 "        for each in learning:",
                 f'            each.mul_(1 - optimizer.param_groups[0]["lr"] * {values["weight_decay"]!r})']
    body += ["    optimizer.step()",
             "total += loss.item() * len(labels)",
             f"right += {_right(binary, by_number)}.item()", "seen += len(labels)"]
    return ["def go_through(loader, learn):",
            '    """One pass over a split: loss and accuracy; with `learn` the weights follow after every batch."""',
            "    network.train(learn)", "    total, right, seen = 0.0, 0, 0",
            "    with torch.set_grad_enabled(learn):", "        for pictures, labels in loader:",
            *(f"            {line}" for line in body),
            "    return total / max(1, seen), right / max(1, seen)"]


def _right(binary: bool, by_number: bool) -> str:
    if binary:
        return "((answers > 0.5) == (labels > 0.5)).sum()"
    return "(answers.argmax(1) == labels).sum()" if by_number else "(answers.argmax(1) == labels.argmax(1)).sum()"
