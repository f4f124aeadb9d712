"""The metrics of the printed PyTorch training, where there are others than accuracy."""

from __future__ import annotations

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.training import METRICS
from cnnstudio.catalog.training.metrics import active_metrics, values_of_metric
from cnnstudio.interchange.printing.torch.plan import Plan


def figure_functions(plan: Plan) -> list[str]:
    """The functions of the metrics and `figures(loss, kept)`, as blocks of source; none where accuracy is the only one."""
    if plan.plain:
        return []
    mode = plan.project.dataset.label_mode
    steps = [step for step in active_metrics(plan.project.training.metrics)
             if step.type in METRICS and mode in METRICS[step.type].targets]
    helpers = dict.fromkeys(helper for step in steps for helper in METRICS[step.type].torch)
    lines = ["def figures(loss, kept):",
             '    """The loss and the metrics of a pass from what it kept of its batches."""',
             "    if not kept:", '        return {"loss": loss}',
             "    answers, labels = (torch.cat(parts) for parts in zip(*kept))"]
    if plan.model.left_out:
        lines.append("    answers = answers.sigmoid()" if plan.binary else "    answers = answers.softmax(1)")
    if plan.binary:
        truth = "(labels > 0.5).float()"
    else:
        numbers = "labels" if plan.by_number else "labels.argmax(1)"
        truth = f"F.one_hot({numbers}, answers.shape[1]).float()"
    lines += [f"    truth = {truth}", '    return {"loss": loss,']
    for step in steps:
        entry, values = METRICS[step.type], values_of_metric(step)
        given = "".join(f", {literal(values[name])}" for name in entry.torch_arguments)
        lines.append(f"            {literal(step.id)}: {entry.torch[-1].name}(answers, truth{given}),")
    return [*(helper.code for helper in helpers), "\n".join([*lines[:-1], lines[-1].removesuffix(",") + "}"]) + "\n"]
