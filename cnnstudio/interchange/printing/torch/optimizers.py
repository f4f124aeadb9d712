"""The optimizer of a stage in the printed PyTorch script: its groups of weights, its schedule and its averages."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.keras_parts import short_name
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.optimizers.common import exempts
from cnnstudio.catalog.schedules import SCHEDULES, schedule_values
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE
from cnnstudio.core.params import with_defaults
from cnnstudio.core.training import Stage
from cnnstudio.interchange.printing.torch.layer_lines import RESERVED
from cnnstudio.interchange.printing.torch.plan import Plan
from cnnstudio.network.naming import variable_names


def schedule_lines(stage: Stage, batches: int) -> list[str]:
    """The function `rate(step)` of a stage's schedule, by Keras's formula; `batches` are those of an epoch."""
    entry = SCHEDULES.find(stage.schedule.type) if stage.schedule is not None else None
    if entry is None or stage.schedule is None:
        return []
    values = schedule_values(stage.schedule, stage.epochs * batches, batches)
    return ["", "", "def rate(step):", f'    """The learning rate of a step, as {short_name(entry.call.target)} gives it."""',
            *(f"    {name} = {literal(value)}" for name, value in values.items()),
            *(f"    {line}" for line in entry.formula.splitlines()), "", ""]


def slow_bases(plan: Plan, stage: Stage) -> list[str]:
    """The attributes of the bases that learn more slowly in this stage than the layers after them."""
    if stage.base_rate_factor == 1:
        return []
    network = expand_repeats(plan.project.network)[0]
    names = variable_names((node.id for node in network.nodes), RESERVED)
    slow = []
    for node in network.nodes:
        base = base_of_node(node, plan.context.bases)
        if base is not None:
            values = values_of(node, LAYERS[BASE])
            if base.trainable_layers(stage.trainable_from or str(values["trainable_from"]), str(values["ends_at"])):
                slow.append(names[node.id])
    return slow


def group_rates(plan: Plan, stage: Stage) -> tuple[float, ...]:
    """For each group of weights of the optimizer, the factor of its rate."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    factors = (stage.base_rate_factor, 1.0) if slow_bases(plan, stage) else (1.0,)
    if entry is None or not isinstance(entry.torch, TorchOptimizer):
        return factors
    values = with_defaults(entry.params, stage.optimizer.params)
    return tuple(factor for factor in factors for _part in range(2 if entry.torch.decays and exempts(values) else 1))


def optimizer_lines(plan: Plan, stage: Stage, scheduled: bool) -> list[str]:
    """The lines that make the optimizer, or that end the script and say what is missing."""
    kind = stage.optimizer.type
    entry = OPTIMIZERS.find(kind)
    if entry is None or not isinstance(entry.torch, TorchOptimizer):
        name = literal(kind if entry is None else entry.label.en)
        return ["# Make an optimizer of PyTorch here:", "# optimizer = torch.optim...(learning, lr=...)",
                f'raise SystemExit("There is no optimizer in PyTorch that does what Keras does: " + {name})']
    # A schedule gives the rate itself, and LambdaLR multiplies with this one.
    values = with_defaults(entry.params, stage.optimizer.params) | ({"learning_rate": 1.0} if scheduled else {})
    averaging = ["average = torch.optim.swa_utils.AveragedModel(",
                 f"    network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn({values['ema_momentum']!r}))"]
    more = averaging if values["use_ema"] else []
    apart = entry.torch.decays and exempts(values)
    slow = slow_bases(plan, stage)
    lines: list[str] = []
    groups: list[str] = []
    rate = f', "lr": {stage.base_rate_factor!r} * {values["learning_rate"]!r}'
    if slow:
        owned = ", ".join(f"*network.{name}.parameters()" for name in slow)
        lines += [f"of_base = {{{owned}}}  # learns more slowly",
                  "slow = [parameter for parameter in learning if parameter in of_base]",
                  "fast = [parameter for parameter in learning if parameter not in of_base]"]
    for source, option in (("slow", rate), ("fast", "")) if slow else (("learning", ""),):
        if not apart:
            groups.append(f'{{"params": {source}{option}}}')
            continue
        prefix = f"{source}_" if slow else ""
        lines += [f"{prefix}decaying = [parameter for parameter in {source} if parameter.ndim > 1]",
                  f"{prefix}exempt = [parameter for parameter in {source} if parameter.ndim <= 1]  # biases and normalisation"]
        groups += [f'{{"params": {prefix}decaying{option}}}', f'{{"params": {prefix}exempt{option}, "weight_decay": 0.0}}']
    code = entry.torch.code(values, "_groups" if lines else "learning")
    return [*lines, f"optimizer = {code}".replace("_groups", f"[{', '.join(groups)}]"), *more]


TAKE_AVERAGE: Final = '''\
@torch.no_grad()
def take_average(network, average):
    """Set the weights that learn to their averages, as Keras does when a training with use_ema ends."""
    for parameter, mean in zip(network.parameters(), average.module.parameters()):
        parameter.copy_(mean)
'''


def averages(stage: Stage) -> bool:
    """Whether the weights are averaged in this stage."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    return (entry is not None and isinstance(entry.torch, TorchOptimizer)
            and bool(with_defaults(entry.params, stage.optimizer.params)["use_ema"]))
