"""The training loop of the printed PyTorch script: loss, class weights, optimizer, callbacks, epochs."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.schedules import SCHEDULES, schedule_values
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.core.groups import expanded
from cnnstudio.core.params import complete
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.interchange.printing.torch.module import RESERVED
from cnnstudio.network.naming import variables

_EARLY_STOPPING: Final = '''\
class EarlyStopping:
    """As in Keras: the training is over when `monitor` has not got better for `patience` epochs.

    `sign` is 1 where less is better and -1 where more is.
    """

    def __init__(self, monitor, sign, patience, min_delta=0.0, restore_best_weights=False, baseline=None,
                 start_from_epoch=0):
        self.monitor, self.sign, self.patience, self.min_delta = monitor, sign, patience, min_delta
        self.restore_best_weights, self.baseline = restore_best_weights, baseline
        self.start_from_epoch = start_from_epoch
        self.best, self.waited, self.weights = None, 0, None

    def is_over(self, epoch, logs):
        """Whether to stop after this epoch, which is counted from 0."""
        if epoch < self.start_from_epoch:
            return False
        value = self.sign * logs[self.monitor]
        self.waited += 1
        if self.best is None or value + self.min_delta < self.best:
            self.best = value
            if self.restore_best_weights:
                self.weights = {name: each.clone() for name, each in network.state_dict().items()}
            if self.baseline is None or value + self.min_delta < self.sign * self.baseline:
                self.waited = 0
            return False
        return self.waited >= self.patience and epoch > 0

    def restore(self):
        """Set the weights of the best epoch, if they were kept."""
        if self.weights is not None:
            network.load_state_dict(self.weights)
'''
_PROBABLE: Final = "answers.clamp(1e-7, 1 - 1e-7)"


def training_code(project: Project, loss: str, pictures: int, *, has_penalties: bool, mixes: bool) -> list[str]:
    """The lines from the seed to the saved weights; `Network`, `Pictures` and `mix` are printed before them.

    `pictures` is the number of the training split, by which schedules count batches.
    """
    training, binary = project.training, project.dataset.label_mode == "binary"
    left_out, absent = _left_out(project), _absent(project)
    lines = [
        *([f"# This version cannot print: {', '.join(left_out)}."] if left_out else []),
        *(f"# Not in PyTorch: {text}." for text in absent),
        f"torch.manual_seed({training.seed})",
        'device = "cuda" if torch.cuda.is_available() else "cpu"',
        "network = Network().to(device)",
        f'train = DataLoader(Pictures("train"), batch_size={training.batch_size}, shuffle=True)',
        f'validation = DataLoader(Pictures("validation"), batch_size={training.batch_size})',
    ]
    batches, shown = max(1, -(-pictures // training.batch_size)), None
    for number, stage in enumerate(training.stages):
        stops, plateaus = _of_type(stage, "EarlyStopping"), _of_type(stage, "ReduceLROnPlateau")
        schedule = schedule_lines(stage, batches)
        if len(training.stages) > 1:
            lines += [*(["", ""] if number else []), f"# Stage {number + 1} of {len(training.stages)}."]
        lines += [
            *_trainable(project, stage),
            "learning = [each for each in network.parameters() if each.requires_grad]",
            *schedule,
            f"optimizer = {_optimizer(stage, scheduled=bool(schedule))}",
            *(["schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)"] if schedule else []),
            *(_class_weight(project) if not number else []), *_plateau_lines(plateaus), *_stop_lines(stops)]
        through = _pass(project, stage, binary, mixes, has_penalties, scheduled=bool(schedule))
        if not number:
            lines += ["", "", *_loss(loss, binary, mixes)]
        if through != shown:
            lines += ["", "", *through]
        shown = through
        lines += ["", "", *_epochs(stage, bool(plateaus), bool(stops))]
    lines += ["", "# Arrays by name, as load_weights reads them.",
              'np.savez("weights.npz", **{name: value.cpu().numpy() for name, value in network.state_dict().items()})']
    stopping = any(_of_type(stage, "EarlyStopping") for stage in training.stages)
    early = [*_EARLY_STOPPING.rstrip("\n").split("\n"), "", ""] if stopping else []
    return [*early, *lines]


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


def _of_type(stage: Stage, kind: str) -> list[dict[str, Any]]:
    entry = CALLBACKS[kind]
    return [complete(entry.params, step.params) for step in stage.callbacks if step.enabled and step.type == kind]


def _left_out(project: Project) -> list[str]:
    """What a newer version or an extension put into the project."""
    found: list[str] = []
    for stage in project.training.stages:
        found += [step.type for step in stage.callbacks if step.enabled and CALLBACKS.find(step.type) is None]
        if OPTIMIZERS.find(stage.optimizer.type) is None:
            found.append(stage.optimizer.type)
        if stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is None:
            found.append(stage.schedule.type)
    return list(dict.fromkeys(found))


def _absent(project: Project) -> list[str]:
    """What the printed loop does otherwise than the training of the project, in words."""
    training = project.training
    found = []
    if training.precision != "float32":
        found.append(f"the precision {training.precision}; this script computes in float32")
    if training.accumulation > 1:
        found.append(f"the accumulation of gradients over {training.accumulation} batches; every batch is a step here")
    lines = {stage.trainable_from for stage in training.stages} - {"", "none", "all"}
    if lines and _bases(project):
        found.append(f"a base that learns from {', '.join(sorted(lines))} on in one stage; here it learns as in the network")
    return found


def _bases(project: Project) -> list[str]:
    """The names of the pretrained bases in the printed network."""
    network = expanded(project.network)[0]
    names = variables((node.id for node in network.nodes), RESERVED)
    return [names[node.id] for node in network.nodes if node.type == "PretrainedBase"]


def _trainable(project: Project, stage: Stage) -> list[str]:
    """What learns of the bases in this stage, where the stage says so."""
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


def _optimizer(stage: Stage, scheduled: bool = False) -> str:
    """Epsilon as in Keras. Adam's decay of weights is AdamW's; that of the others is a line of the loop."""
    entry = OPTIMIZERS.find(stage.optimizer.type) or OPTIMIZERS["adam"]
    values: dict[str, Any] = complete(entry.params, stage.optimizer.params)
    # A schedule gives the rate itself, and LambdaLR multiplies with this one.
    options = [f"lr={1.0 if scheduled else values['learning_rate']!r}"]
    if entry.id == "sgd":
        name = "SGD"
        if values["momentum"]:
            options += [f"momentum={values['momentum']!r}", *(["nesterov=True"] if values["nesterov"] else [])]
    elif entry.id == "rmsprop":
        name = "RMSprop"
        # Keras adds its 1e-7 below the root, PyTorch behind it: this one comes nearest.
        options += [f"alpha={values['rho']!r}", "eps=1e-04"]
        options += [f"momentum={values['momentum']!r}"] if values["momentum"] else []
    else:
        name = "AdamW" if values["weight_decay"] else "Adam"
        options += [f"betas=({values['beta_1']!r}, {values['beta_2']!r})", "eps=1e-07"]
        options += [f"weight_decay={values['weight_decay']!r}"] if values["weight_decay"] else []
    return f"torch.optim.{name}(learning, {', '.join(options)})"


def _class_weight(project: Project) -> list[str]:
    if project.training.class_weight != "balanced":
        return []
    return ["# Rare classes count more: n / (classes * pictures of the class).",
            'seen = torch.tensor([row["label"] for row in rows if row["split"] == "train"])',
            "counts = torch.bincount(seen, minlength=len(CLASSES))",
            "class_weight = (len(seen) / (len(CLASSES) * counts.clamp(min=1))).to(device)"]


def _mode(values: dict[str, Any]) -> str:
    if values["mode"] != "auto":
        return str(values["mode"])
    return "min" if values["monitor"].endswith("loss") else "max"


def _plateau_lines(plateaus: list[dict[str, Any]]) -> list[str]:
    """PyTorch waits one epoch longer than Keras after the same number, and rests one longer."""
    if not plateaus:
        return []
    lines = ["plateaus = ["]
    for values in plateaus:
        lines += [f'    ("{values["monitor"]}", torch.optim.lr_scheduler.ReduceLROnPlateau(',
                  f'        optimizer, mode="{_mode(values)}", factor={values["factor"]!r}, '
                  f'patience={max(0, values["patience"] - 1)}, threshold={values["min_delta"]!r},',
                  f'        threshold_mode="abs", cooldown={max(0, values["cooldown"] - 1)}, min_lr={values["min_lr"]!r}, '
                  "eps=0.0)),"]
    return [*lines, "]"]


def _stop_lines(stops: list[dict[str, Any]]) -> list[str]:
    if not stops:
        return []
    lines = ["stops = ["]
    for values in stops:
        options = [f'"{values["monitor"]}"', "1" if _mode(values) == "min" else "-1", f"patience={values['patience']!r}"]
        options += [f"{name}={values[name]!r}" for name, usual in (
            ("min_delta", 0.0), ("restore_best_weights", False), ("baseline", None), ("start_from_epoch", 0))
            if values[name] != usual]
        lines.append(f"    EarlyStopping({', '.join(options)}),")
    return [*lines, "]"]


def _loss(loss: str, binary: bool, mixes: bool) -> list[str]:
    if binary:
        body = f'    return F.binary_cross_entropy({_PROBABLE}, labels, reduction="none").mean(1)'
    elif mixes:
        body = f"    return -(labels * {_PROBABLE}.log()).sum(1)"
    else:
        body = f'    return F.nll_loss({_PROBABLE}.log(), labels, reduction="none")'
    return ["def losses_of(answers, labels):", f'    """{loss} of each picture; the answers are probabilities."""', body]


def _pass(project: Project, stage: Stage, binary: bool, mixes: bool, has_penalties: bool, scheduled: bool) -> list[str]:
    """One pass over a split."""
    values: dict[str, Any] = dict(stage.optimizer.params)
    body = ["pictures, labels = pictures.to(device), labels.to(device)"]
    if binary:
        body.append("labels = labels.float().unsqueeze(1)")
    elif mixes:
        body.append("labels = F.one_hot(labels, len(CLASSES)).float()")
    if mixes:
        body += ["if learn:", "    pictures, labels = mix(pictures, labels)"]
    body += ["answers = network(pictures)", "losses = losses_of(answers, labels)"]
    if project.training.class_weight == "balanced":
        number = "(labels > 0.5).long().squeeze(1)" if binary else "labels.argmax(1)" if mixes else "labels"
        body += ["if learn:", f"    losses = losses * class_weight[{number}]"]
    body.append(f"loss = losses.mean(){' + penalties(network)' if has_penalties else ''}")
    body += ["if learn:", "    optimizer.zero_grad()", "    loss.backward()"]
    if values.get("clipnorm"):
        body += ["    for each in learning:  # every weight for itself, as clipnorm does",
                 f"        nn.utils.clip_grad_norm_(each, {values['clipnorm']!r})"]
    if values.get("weight_decay") and stage.optimizer.type != "adam":
        body += ["    with torch.no_grad():  # weight_decay of Keras: apart from the gradient",
                 "        for each in learning:",
                 f'            each.mul_(1 - optimizer.param_groups[0]["lr"] * {values["weight_decay"]!r})']
    body += ["    optimizer.step()", *(["    schedule.step()"] if scheduled else []),
             "total += loss.item() * len(labels)",
             f"right += {_right(binary, mixes)}.item()", "seen += len(labels)"]
    return ["def go_through(loader, learn):",
            '    """One pass over a split: loss and accuracy; with `learn` the weights follow after every batch."""',
            "    network.train(learn)", "    total, right, seen = 0.0, 0, 0",
            "    with torch.set_grad_enabled(learn):", "        for pictures, labels in loader:",
            *(f"            {line}" for line in body),
            "    return total / max(1, seen), right / max(1, seen)"]


def _right(binary: bool, mixes: bool) -> str:
    if binary:
        return "((answers > 0.5) == (labels > 0.5)).sum()"
    return "(answers.argmax(1) == labels.argmax(1)).sum()" if mixes else "(answers.argmax(1) == labels).sum()"
