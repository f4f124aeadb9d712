"""The training loop of the printed PyTorch script: loss, class weights, and for every stage optimizer, callbacks, epochs."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.component import TorchCallback, TorchLoss, TorchOptimizer
from cnnstudio.catalog.optimizers.common import clipping_lines
from cnnstudio.catalog.schedules import SCHEDULES, schedule_values
from cnnstudio.catalog.torch_form import NotInTorch, not_in_torch
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE
from cnnstudio.core.params import with_defaults
from cnnstudio.core.problems import Problem
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.interchange.printing.torch.module import RESERVED
from cnnstudio.network.naming import variable_names

_PROBABLE: Final = "answers.clamp(1e-7, 1 - 1e-7)"


def training_code(project: Project, loss: str, pictures: int, *, has_penalties: bool, mixes: bool) -> list[str]:
    """The lines from the seed to the saved weights; `Network`, `Pictures` and `mix` are printed before them.

    `pictures` is the number of the training split, by which schedules count batches. What PyTorch has no form of is named
    in a comment; without an optimizer the script ends where it would be made.
    """
    training, binary = project.training, project.dataset.label_mode == "binary"
    form = LOSSES[loss].torch
    by_number = isinstance(form, TorchLoss) and bool(form.numbers) and not binary and not mixes
    unknown = _unknown(project)
    lines = [
        *([f"# This version cannot print: {', '.join(unknown)}."] if unknown else []),
        *(f"# {problem.text}" for problem in training_problems(project, loss)),
        *(f"# Not in PyTorch: {text}." for text in _absent(project)),
        f"torch.manual_seed({training.seed})",
        'device = "cuda" if torch.cuda.is_available() else "cpu"',
        "network = Network().to(device)",
        f'train = DataLoader(Pictures("train"), batch_size={training.batch_size}, shuffle=True)',
        f'validation = DataLoader(Pictures("validation"), batch_size={training.batch_size})',
    ]
    helpers: dict[Any, None] = {}
    batches, previous = max(1, -(-pictures // training.batch_size)), None
    for number, stage in enumerate(training.stages):
        callbacks = _callbacks(stage)
        helpers |= dict.fromkeys(form.helper for form, _values in callbacks if form.helper is not None)
        stops = [line for form, values in callbacks if form.role == "stop" for line in form.lines(values)]
        plateaus = [line for form, values in callbacks if form.role == "plateau" for line in form.lines(values)]
        schedule = schedule_lines(stage, batches)
        if len(training.stages) > 1:
            lines += [*(["", ""] if number else []), f"# Stage {number + 1} of {len(training.stages)}."]
        lines += [
            *_trainable(project, stage),
            "learning = [each for each in network.parameters() if each.requires_grad]",
            *schedule, *_optimizer(stage, scheduled=bool(schedule)),
            *(["schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)"] if schedule else []),
            *(_class_weight(project) if not number else []), *_listed("plateaus", plateaus), *_listed("stops", stops)]
        through = _pass(project, stage, binary, mixes, by_number, has_penalties, scheduled=bool(schedule))
        if not number:
            lines += ["", "", *_loss(loss, form, by_number)]
        if through != previous:
            lines += ["", "", *through]
        previous = through
        lines += ["", "", *_epochs(stage, bool(plateaus), bool(stops))]
    lines += ["", "# Arrays by name, as load_weights reads them.",
              'np.savez("weights.npz", **{name: value.cpu().numpy() for name, value in network.state_dict().items()})']
    return [*(line for helper in helpers for line in (*helper.code.rstrip("\n").split("\n"), "", "")), *lines]


def _epochs(stage: Stage, plateaus: bool, stops: bool) -> list[str]:
    return [
        f"for epoch in range({stage.epochs}):",
        "    logs = {}",
        '    logs["loss"], logs["accuracy"] = go_through(train, learn=True)',
        '    logs["val_loss"], logs["val_accuracy"] = go_through(validation, learn=False)',
        '    print(f"epoch {epoch + 1}: " + ", ".join(f"{name} {value:.4f}" for name, value in logs.items()))',
        *(["    for monitor, scheduler in plateaus:", "        scheduler.step(logs[monitor])"] if plateaus else []),
        *(["    if any([each.is_over(epoch, logs) for each in stops]):", "        break"] if stops else []),
        *(["for each in stops:", "    each.restore()"] if stops else [])]


def training_problems(project: Project, loss: str) -> tuple[Problem, ...]:
    """The parts of the training that have no PyTorch form, with the reasons."""
    chosen = [("loss", LOSSES.find(loss))]
    for stage in project.training.stages:
        chosen += [("optimizer", OPTIMIZERS.find(stage.optimizer.type)),
                   *(("callbacks", CALLBACKS.find(step.type)) for step in stage.callbacks if step.enabled)]
    problems = []
    for field, entry in chosen:
        if entry is not None and isinstance(entry.torch, NotInTorch):
            problems.append(not_in_torch(entry.label.en, entry.torch, "training", field=field))
    return tuple(problems)


def _callbacks(stage: Stage) -> list[tuple[TorchCallback, dict[str, Any]]]:
    """The forms of the enabled callbacks, in registry order, with their values."""
    on = [step for step in stage.callbacks if step.enabled]
    return [(entry.torch, with_defaults(entry.params, step.params)) for entry in CALLBACKS for step in on
            if step.type == entry.id and isinstance(entry.torch, TorchCallback)]


def _unknown(project: Project) -> list[str]:
    """Items that a newer version or an extension added to the project."""
    result: list[str] = []
    for stage in project.training.stages:
        result += [step.type for step in stage.callbacks if step.enabled and CALLBACKS.find(step.type) is None]
        if OPTIMIZERS.find(stage.optimizer.type) is None:
            result.append(stage.optimizer.type)
        if stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is None:
            result.append(stage.schedule.type)
    return list(dict.fromkeys(result))


def _absent(project: Project) -> list[str]:
    """Differences between the printed loop and the training of the project, as text."""
    training = project.training
    result = []
    if training.precision != "float32":
        result.append(f"the precision {training.precision}; this script computes in float32")
    if training.accumulation > 1:
        result.append(f"the accumulation of gradients over {training.accumulation} batches; every batch is a step here")
    lines = {stage.trainable_from for stage in training.stages} - {"", "none", "all"}
    if lines and _bases(project):
        result.append(f"a base that learns from {', '.join(sorted(lines))} on in one stage; here it learns as in the network")
    return result


def _bases(project: Project) -> list[str]:
    """The names of the pretrained bases in the printed network."""
    network = expand_repeats(project.network)[0]
    names = variable_names((node.id for node in network.nodes), RESERVED)
    return [names[node.id] for node in network.nodes if node.type == BASE]


def _trainable(project: Project, stage: Stage) -> list[str]:
    """The trainable layers of the bases in this stage, if it sets them."""
    lines: list[str] = []
    for name in _bases(project):
        if stage.trainable_from == "none":
            lines.append(f"network.{name}.requires_grad_(False)")
        elif stage.trainable_from == "all":
            lines += [f"for layer in network.{name}.children():",
                      "    layer.requires_grad_(not isinstance(layer, nn.BatchNorm2d))"]
    return lines


def schedule_lines(stage: Stage, batches: int) -> list[str]:
    """The function `rate(step)` of a stage's schedule, by Keras's formula; `batches` are those of an epoch."""
    entry = SCHEDULES.find(stage.schedule.type) if stage.schedule is not None else None
    if entry is None or stage.schedule is None:
        return []
    values = schedule_values(stage.schedule, stage.epochs * batches, batches)
    return ["", "", "def rate(step):", f'    """The learning rate of a step, as {entry.call.target} gives it."""',
            *(f"    {name} = {literal(value)}" for name, value in values.items()),
            *(f"    {line}" for line in entry.formula.splitlines()), "", ""]


def _optimizer(stage: Stage, scheduled: bool) -> list[str]:
    """The line that makes the optimizer, or lines that end the script and say what is missing."""
    kind = stage.optimizer.type
    entry = OPTIMIZERS.find(kind)
    if entry is None or not isinstance(entry.torch, TorchOptimizer):
        name = literal(kind if entry is None else entry.label.en)
        return ["# Make an optimizer of PyTorch here:", "# optimizer = torch.optim...(learning, lr=...)",
                f'raise SystemExit("There is no optimizer in PyTorch that does what Keras does: " + {name})']
    # A schedule gives the rate itself, and LambdaLR multiplies with this one.
    values = with_defaults(entry.params, stage.optimizer.params) | ({"learning_rate": 1.0} if scheduled else {})
    return [f"optimizer = {entry.torch.code(values)}"]


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


def _pass(project: Project, stage: Stage, binary: bool, mixes: bool, by_number: bool, has_penalties: bool, *,
          scheduled: bool) -> list[str]:
    """One pass over a split."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    values: dict[str, Any] = {} if entry is None else with_defaults(entry.params, stage.optimizer.params)
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
    body += ["    optimizer.step()", *(["    schedule.step()"] if scheduled else []),
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
