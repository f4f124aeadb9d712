"""Weights of classes and oversampling in the printed PyTorch training."""

from __future__ import annotations

from typing import Final

from cnnstudio.interchange.printing.torch.plan import Plan

OVERSAMPLING: Final = '''\
class Oversampling(torch.utils.data.Sampler):
    """Draws pictures of rare classes more often, and anew in every epoch which of them once more."""

    def __init__(self, numbers):
        self.numbers = torch.as_tensor(numbers)

    def wanted(self):
        """How many pictures of every class that has some an epoch shows, by its number."""
        counts = torch.bincount(self.numbers).tolist()
        return {{number: round(count * (max(counts) / count) ** {strength!r})
                for number, count in enumerate(counts) if count}}

    def counts(self, classes):
        """The same as a tensor."""
        wanted = self.wanted()
        return torch.tensor([wanted.get(number, 0) for number in range(classes)])

    def __len__(self):
        return sum(self.wanted().values())

    def __iter__(self):
        places = []
        for number, wanted in self.wanted().items():
            members = torch.nonzero(self.numbers == number)[:, 0]
            more = members[torch.randperm(len(members))[:wanted % len(members)]]
            places += [members.repeat(wanted // len(members)), more]
        places = torch.cat(places)
        return iter(places[torch.randperm(len(places))].tolist())
'''


def class_weight_lines(plan: Plan) -> list[str]:
    """The lines that make `class_weight`, a tensor by class number; none without weights."""
    training = plan.project.training
    if training.class_weight == "none":
        return []
    if training.class_weight == "custom":
        return [f"chosen = {training.class_weights!r}",
                "class_weight = torch.tensor([chosen.get(name, 1.0) for name in CLASSES], device=DEVICE)"]
    power = "" if training.class_weight_strength == 1 else f" ** {training.class_weight_strength!r}"
    counts = ["counts = torch.bincount(numbers, minlength=len(CLASSES))"]
    if training.oversampling:
        counts = ["counts = Oversampling(numbers).counts(len(CLASSES))"]
    return ["# Rare classes count more: n / (classes * pictures of the class).",
            'numbers = torch.tensor([row["label"] for row in rows if row["split"] == "train"])', *counts,
            f"class_weight = ((counts.sum() / (counts.count_nonzero() * counts.clamp(min=1))){power}).to(DEVICE)",
            *(["class_weight = class_weight / ((class_weight.cpu() * counts).sum() / counts.sum()).to(DEVICE)  # 1 in the mean"]
              if power else [])]
