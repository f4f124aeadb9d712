"""The training of the printed PyTorch script: loss, class weights, and for every stage optimizer, callbacks, epochs."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.bases import Base, last_layers
from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.component import Place, TorchCallback, TorchOptimizer, TrainingComponent
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.optimizers.common import averaging_lines, clipping_lines, decay_lines
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.torch_form import NotInTorch, not_in_torch
from cnnstudio.catalog.training import CALLBACKS, LOSSES, METRICS, OPTIMIZERS, chosen_loss
from cnnstudio.catalog.training.losses import AUTO
from cnnstudio.catalog.training.metrics import active_metrics
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE
from cnnstudio.core.params import with_defaults
from cnnstudio.core.problems import Problem
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.interchange.printing.script_files import weighted_bases
from cnnstudio.interchange.printing.torch.balance import OVERSAMPLING, class_weight_lines
from cnnstudio.interchange.printing.torch.bases import all_learn_lines, learning_lines
from cnnstudio.interchange.printing.torch.figures import figure_functions
from cnnstudio.interchange.printing.torch.layer_lines import RESERVED
from cnnstudio.interchange.printing.torch.module import TorchModel
from cnnstudio.interchange.printing.torch.optimizers import (
    TAKE_AVERAGE,
    averages,
    group_rates,
    optimizer_lines,
    schedule_lines,
    slow_bases,
)
from cnnstudio.interchange.printing.torch.plan import Plan
from cnnstudio.network.naming import variable_names

_PROBABLE: Final = "answers.clamp(1e-7, 1 - 1e-7)"


def functions(plan: Plan) -> list[str]:
    """The loss, the helpers of callbacks, and the passes over the pictures, as blocks of source."""
    forms = [form for stage in plan.project.training.stages for form, _lines in _callbacks(stage, plan)]
    helpers = dict.fromkeys(form.helper for form in forms if form.helper is not None)
    passes = dict.fromkeys(_train_pass(plan, stage) for stage in plan.project.training.stages)
    average = [TAKE_AVERAGE] if any(map(averages, plan.project.training.stages)) else []
    strength = plan.project.training.oversampling
    sampler = [OVERSAMPLING.format(strength=strength)] if strength else []
    return [*(helper.code for helper in helpers), *sampler, *average, *figure_functions(plan), _loss(plan), *(
        _with_number(code, number) for number, code in enumerate(passes)), _measure(plan)]


def main_lines(plan: Plan) -> list[str]:
    """The lines from the seed to the saved weights.

    What PyTorch has no form of is named in a comment; without an optimizer the script ends where it would be made.
    """
    project, training = plan.project, plan.project.training
    unknown = _unknown(project)
    passes = list(dict.fromkeys(_train_pass(plan, stage) for stage in training.stages))
    lines = [
        *([f"# This version cannot print: {', '.join(unknown)}."] if unknown else []),
        *(f"# {problem.text}" for problem in training_problems(project)),
        *(f"# Not in PyTorch: {text}." for text in _absent(project)),
        "torch.manual_seed(SEED)", *_determinism(project), "network = Network()", "network.apply(initialize)",
        *plan.model.starts, *_loaded_bases(plan), "network.to(DEVICE)", *_loaders(plan), *class_weight_lines(plan), ""]
    for number, stage in enumerate(training.stages):
        forms = _callbacks(stage, plan)
        stops, plateaus, watchers = ([line for form, lines in forms if form.role == role for line in lines]
                                     for role in ("stop", "plateau", "watch"))
        schedule = schedule_lines(stage, plan.batches)
        if len(training.stages) > 1:
            lines += [*([""] if number else []), f"# Stage {number + 1} of {len(training.stages)}."]
        lines += [
            *_trainable(plan, stage),
            "learning = [parameter for parameter in network.parameters() if parameter.requires_grad]",
            *schedule, *optimizer_lines(plan, stage, scheduled=bool(schedule)),
            *([f"schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, {_rate(training.accumulation)})"] if schedule else []),
            *(["optimizer.zero_grad()  # no gradients of the stage before"] if number and training.accumulation > 1 else []),
            *_listed("plateaus", plateaus), *_listed("stops", stops), *_listed("watchers", watchers),
            *_epochs(plan, stage, _pass_name(passes.index(_train_pass(plan, stage))), bool(plateaus), bool(stops),
                     bool(watchers))]
    return [*lines, "", "if len(test.dataset):",
            ('    print("test: loss {:.4f}, accuracy {:.4f}".format(*measure(network, test)))' if plan.plain else
             '    print("test: " + ", ".join(f"{name} {value:.4f}" for name, value in measure(network, test).items()))'),
            "# Arrays by name, as load_weights of CNN Studio's PyTorch files reads them.",
            'np.savez("weights.npz", **{name: value.cpu().numpy() for name, value in network.state_dict().items()})']


def _rate(accumulation: int) -> str:
    """The rate of a step of the optimizer: Keras counts batches, and takes the rate of the last one of a step."""
    return "rate" if accumulation == 1 else f"lambda step: rate(step * {accumulation} + {accumulation - 1})"


def _pass_name(number: int) -> str:
    return "train_epoch" if not number else f"train_epoch_{number + 1}"


def _with_number(code: str, number: int) -> str:
    return code.replace("def train_epoch(", f"def {_pass_name(number)}(")


def _determinism(project: Project) -> list[str]:
    """The same numbers in every run of the script, where the program has them as well."""
    enable = "torch.use_deterministic_algorithms(True, warn_only=True)"
    if project.training.determinism == "on":
        return [enable]
    if project.training.determinism == "off":
        return []
    return ['if DEVICE == "cpu":  # on a GPU it would be slow', f"    {enable}"]


def _loaded_bases(plan: Plan) -> list[str]:
    nodes = expand_repeats(plan.project.network)[0].nodes
    names = variable_names((node.id for node in nodes), RESERVED)
    bases = {node: base for node, base, _values in weighted_bases(plan.project.network, plan.context)}
    return [line for node, file in plan.weights.items() for line in (
        f"# The trained weights of {bases[node].label.en}.",
        f"load_weights(network.{names[node]}, Path(__file__).with_name({literal(file)}))")]


def _loaders(plan: Plan) -> list[str]:
    size = f"batch_size={plan.project.training.batch_size}"
    order = "shuffle=True"
    if plan.project.training.oversampling:
        order = 'sampler=Oversampling([row["label"] for row in rows if row["split"] == "train"])'
    train = [f'train = DataLoader(Pictures("train"), {size}, {order})']
    if plan.changes or plan.mixes:
        more = [*(["worker_init_fn=start_worker"] if plan.changes else []), *(["collate_fn=Mixing()"] if plan.mixes else [])]
        train = [f'train = DataLoader(Pictures("train"), {size}, {order}, num_workers=WORKERS,',
                 f"                   persistent_workers=WORKERS > 0, {', '.join(more)})"]
    return [*train, *(f'{split} = DataLoader(Pictures("{split}"), {size})' for split in ("validation", "test"))]


def _epochs(plan: Plan, stage: Stage, train_pass: str, plateaus: bool, stops: bool,
            watchers: bool) -> list[str]:
    more = ", epoch * len(train)" if plan.project.training.accumulation > 1 else ""
    more += f"{', schedule' if stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is not None else ''}"
    more += ", class_weight" if plan.weighted else ""
    averaging = averages(stage)
    more += ", average" if averaging else ""
    return [
        f"for epoch in range({stage.epochs}):",
        "    logs = {}",
        *([f'    logs["loss"], logs["accuracy"] = {train_pass}(network, train, optimizer{more})',
           "    if len(validation):  # without pictures for validation there is none",
           '        logs["val_loss"], logs["val_accuracy"] = measure(network, validation)'] if plan.plain else
          [f"    logs |= {train_pass}(network, train, optimizer{more})",
           "    if len(validation):  # without pictures for validation there is none",
           '        logs |= {f"val_{name}": value for name, value in measure(network, validation).items()}']),
        '    print(f"epoch {epoch + 1}: " + ", ".join(f"{name} {value:.4f}" for name, value in logs.items()))',
        *(["    for monitor, scheduler in plateaus:", "        if monitor in logs:",
            "            scheduler.step(logs[monitor])"]
          if plateaus else []),
        *(["    for watcher in watchers:", "        watcher.after_epoch(epoch, logs)"] if watchers else []),
        *(["    if any([stop.is_over(epoch, logs) for stop in stops]):", "        break"] if stops else []),
        *(["take_average(network, average)"] if averaging else []),
        *(["for stop in stops:", "    stop.restore()"] if stops else [])]


def training_problems(project: Project) -> tuple[Problem, ...]:
    """The parts of the training that have no PyTorch form, with the reasons."""
    chosen: list[tuple[str, TrainingComponent | None]] = []
    for stage in project.training.stages:
        chosen += [("optimizer", OPTIMIZERS.find(stage.optimizer.type)),
                   *(("callbacks", CALLBACKS.find(step.type)) for step in stage.callbacks if step.enabled)]
    problems = []
    for field, entry in chosen:
        if entry is not None and isinstance(entry.torch, NotInTorch):
            problems.append(not_in_torch(entry.label.en, entry.torch, "training", field=field))
    return tuple(problems)


def _callbacks(stage: Stage, plan: Plan) -> list[tuple[TorchCallback, list[str]]]:
    """The forms of the enabled callbacks, in registry order, with their lines."""
    on = [step for step in stage.callbacks if step.enabled]
    first = stage is plan.project.training.stages[0]
    return [(entry.torch, entry.torch.lines(with_defaults(entry.params, step.params),
                                            Place(id=step.id, epoch_batches=plan.batches, first=first, stage=stage.id,
                                                  rates=group_rates(plan, stage))))
            for entry in CALLBACKS for step in on if step.type == entry.id and isinstance(entry.torch, TorchCallback)]


def _unknown(project: Project) -> list[str]:
    """Items that a newer version or an extension added to the project."""
    loss = project.training.loss.type
    result: list[str] = [] if loss == AUTO or loss in LOSSES else [loss]
    result += [step.type for step in active_metrics(project.training.metrics) if step.type not in METRICS]
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
    if training.jit_compile == "on":
        result.append("the compilation with XLA (torch.compile would be the nearest); the steps are the same")
    return result


def _trainable(plan: Plan, stage: Stage) -> list[str]:
    """The trainable layers of the bases in this stage, if it or another one sets them."""
    stages = plan.project.training.stages
    if not any(other.trainable_from for other in stages):
        return []
    lines: list[str] = []
    network = expand_repeats(plan.project.network)[0]
    names = variable_names((node.id for node in network.nodes), RESERVED)
    for node in network.nodes:
        base = base_of_node(node, plan.context.bases)
        if base is not None:
            values = values_of(node, LAYERS[BASE])
            line = stage.trainable_from or str(values["trainable_from"]), str(values["ends_at"])
            lines += _base_lines(base, line, (node.id, names[node.id]), plan.model)
    return lines


def _base_lines(base: Base, line: tuple[str, str], names: tuple[str, str], model: TorchModel) -> list[str]:
    """The lines that set which layers of a base learn, by its freeze line and its end; `names` are the node and its
    attribute."""
    (start, _end), (node, name) = line, names
    learning = base.trainable_layers(*line)
    weighted = {carried.layer[1]: ".".join(carried.entries[0][0].split(".")[1:-1]) for carried in model.carried
                if carried.layer[0] == node and carried.layer[1:] and carried.entries}
    if not learning & weighted.keys():
        return [f"network.{name}.requires_grad_(False)"]
    if start == "all":
        return all_learn_lines(f"network.{name}")
    count = last_layers(start)
    state = f"from {start} on" if count is None else f"in its last {count} layers"
    first, *more = learning_lines(f"network.{name}", base, learning, weighted)
    return [f"{first}  # {base.label.en} learns {state}, its batch normalisation nowhere", *more]


def _listed(name: str, lines: list[str]) -> list[str]:
    return [f"{name} = [", *(f"    {line}" for line in lines), "]"] if lines else []


def _loss(plan: Plan) -> str:
    """`losses_of`, the loss of each picture: from logits where the network answers with them."""
    loss, values = chosen_loss(plan.project.training.loss, plan.context.label_mode)
    if plan.model.left_out and loss.torch.logits is not None:
        return (f'def losses_of(answers, labels):\n    """{loss.id} of each picture; the answers are logits."""\n'
                f"    return {loss.torch.logits(values)}\n")
    form = loss.torch.numbers if plan.by_number and loss.torch.numbers is not None else loss.torch.shares
    return (f'def losses_of(answers, labels):\n    """{loss.id} of each picture; the answers are probabilities."""\n'
            f"    return {form(values).format(probable=_PROBABLE)}\n")


_FORWARD: Final = ("pictures, labels = pictures.to(DEVICE), labels.to(DEVICE)",
                   "answers = network(pictures.permute(0, 3, 1, 2).float())")


def _train_pass(plan: Plan, stage: Stage) -> str:
    """A pass over the training pictures in a stage."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    values: dict[str, Any] = {} if entry is None else with_defaults(entry.params, stage.optimizer.params)
    decays = entry is not None and isinstance(entry.torch, TorchOptimizer) and entry.torch.decays
    scheduled = stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is not None
    body = [*_FORWARD, "losses = losses_of(answers, labels)"]
    if plan.weighted:
        # Of mixed labels a share of each weight.
        weights = ("torch.lerp(class_weight[0], class_weight[1], labels)" if plan.binary else
                   "class_weight[labels]" if plan.by_number else "(labels @ class_weight)")
        body.append(f"losses = losses * {weights}")
    clipping = clipping_lines(values)
    decay = bool(values.get("weight_decay")) and not decays
    count = plan.project.training.accumulation
    body.append(f"loss = losses.mean(){' + penalties(network)' if plan.model.has_penalties else ''}")
    step = []
    if clipping or decay:
        step.append("learning = [parameter for parameter in network.parameters() if parameter.requires_grad]")
    step += clipping
    if decay:
        step += decay_lines(values, grouped=bool(slow_bases(plan, stage)))
    averaging = averaging_lines(values, count)
    step += ["optimizer.step()", *(["schedule.step()"] if scheduled else [])]
    if count > 1:
        # As with gradient_accumulation_steps of Keras, where averages are taken after every batch.
        body += [f"(loss / {count}).backward()", f"if number % {count} == 0:", *(f"    {line}" for line in step),
                 "    optimizer.zero_grad()", *averaging]
    else:
        body += ["optimizer.zero_grad()", "loss.backward()", *step, *averaging]
    body += _counting(plan)
    arguments = (f"network, loader, optimizer{', before' if count > 1 else ''}{', schedule' if scheduled else ''}"
                 f"{', class_weight' if plan.weighted else ''}{', average' if averaging else ''}")
    does = ("A step for every batch" if count == 1 else
            f"A step for every {count} batches, counted from the beginning of the stage, of which `before` are done")
    return "\n".join([
        f"def train_epoch({arguments}):", f'    """{does}; returns the mean loss and the {_called(plan)}."""',
        "    network.train()", *_loop(plan, body, "    ", numbered=count > 1)])


def _measure(plan: Plan) -> str:
    """A pass over a split without learning."""
    body = [*_FORWARD,
            f"loss = losses_of(answers, labels).mean(){' + penalties(network)' if plan.model.has_penalties else ''}",
            *_counting(plan)]
    return "\n".join(["@torch.no_grad()", "def measure(network, loader):",
                      f'    """The mean loss and the {_called(plan)} on a split."""', "    network.eval()",
                      *_loop(plan, body, "    ")])


def _called(plan: Plan) -> str:
    return "accuracy" if plan.plain else "metrics by name"


def _loop(plan: Plan, body: list[str], indent: str, numbered: bool = False) -> list[str]:
    each = "number, (pictures, labels) in enumerate(loader, before + 1)" if numbered else "pictures, labels in loader"
    if not plan.plain:
        return [f"{indent}total, kept = 0.0, []", f"{indent}for {each}:",
                *(f"{indent}    {line}" for line in body),
                f"{indent}return figures(total / max(1, sum(len(labels) for _answers, labels in kept)), kept)\n"]
    return [f"{indent}total, right, seen = 0.0, 0, 0", f"{indent}for {each}:",
            *(f"{indent}    {line}" for line in body), f"{indent}return total / max(1, seen), right / max(1, seen)\n"]


def _counting(plan: Plan) -> list[str]:
    if not plan.plain:
        return ["total += loss.item() * len(labels)", "kept.append((answers.detach(), labels))"]
    if plan.binary:
        right = f"((answers > {'0' if plan.model.left_out else '0.5'}) == (labels > 0.5)).sum()"
    else:
        right = f"(answers.argmax(1) == labels{'' if plan.by_number else '.argmax(1)'}).sum()"
    return ["total += loss.item() * len(labels)", f"right += {right}.item()", "seen += len(labels)"]
