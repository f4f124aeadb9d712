"""The printed PyTorch file: the network, and on demand the pictures and the training."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.recipe_code import recipe_code
from cnnstudio.catalog.torch_code.module import torch_model
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project

_LOADING: Final = '''\
def load_weights(model, path):
    """Sets the weights from an .npz file that CNN Studio wrote for this network (arrays by name, nothing pickled)."""
    with np.load(path, allow_pickle=False) as archive:
        model.load_state_dict({name: torch.from_numpy(archive[name]) for name in archive.files})
'''


def imports(code: str, *more: str) -> str:
    """The import lines that the code needs."""
    lines = [*(["from collections import OrderedDict", ""] if "OrderedDict(" in code else []), *more,
             "import numpy as np", "import torch", *(["import torch.nn.functional as F"] if "F." in code else []),
             "from torch import nn"]
    return "\n".join(lines) + "\n"


def torch_code(network: NetworkSpec, context: Context) -> str:
    """A file with the class `Network` and `load_weights(model, path)`."""
    model = torch_model(network, context)
    return "\n\n".join([imports(model.code), model.code, _LOADING])


_DATA: Final = '''\
# The list that every run keeps: a line with the folder and the classes, then a line for each picture.
LIST = Path("manifest.jsonl")
header, *rows = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
CLASSES = header["class_names"]
'''
_PICTURES: Final = '''\
class Pictures(Dataset):
    """The pictures of one split as (pixels (channels, height, width) of 0-255, class number)."""

    def __init__(self, split):
        self.rows = [row for row in rows if row["split"] == split]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        row = self.rows[place]
        pixels = prepare(str(Path(header["root"]) / row["path"]).encode())
        return torch.from_numpy(pixels).permute(2, 0, 1).float(), row["label"]
'''
_LOSS: Final = {
    True: "F.binary_cross_entropy(answers.squeeze(1).clamp(1e-7, 1 - 1e-7), numbers.float())",
    False: "F.nll_loss(answers.clamp(1e-7, 1 - 1e-7).log(), numbers)",
}
_RIGHT: Final = {True: "((answers.squeeze(1) > 0.5) == numbers).sum()", False: "(answers.argmax(1) == numbers).sum()"}


def torch_script(project: Project, class_count: int) -> str:
    """A script that trains the network with PyTorch, beside the list of pictures of a run (manifest.jsonl)."""
    context = context_of(project, class_count)
    model = torch_model(project.network, context)
    training, binary = project.training, project.dataset.label_mode == "binary"
    penalty = " + penalties(network)" if model.has_penalties else ""
    left_out = _left_out(project)
    lines = [
        *([f"# Of the training in CNN Studio this loop leaves out: {', '.join(left_out)}."] if left_out else []),
        f"torch.manual_seed({training.seed})",
        'device = "cuda" if torch.cuda.is_available() else "cpu"',
        "network = Network().to(device)",
        f'train = DataLoader(Pictures("train"), batch_size={training.batch_size}, shuffle=True)',
        f'validation = DataLoader(Pictures("validation"), batch_size={training.batch_size})',
        f"optimizer = {_optimizer(project)}", "", "",
        "def loss_of(answers, numbers):",
        f'    """{context.loss} of the answers, which are probabilities."""',
        f"    return {_LOSS[binary]}", "", "",
        f"for epoch in range({training.epochs}):",
        "    network.train()",
        "    for pictures, numbers in train:",
        "        pictures, numbers = pictures.to(device), numbers.to(device)",
        f"        loss = loss_of(network(pictures), numbers){penalty}",
        "        optimizer.zero_grad()", "        loss.backward()", "        optimizer.step()",
        "    network.eval()", "    total, right, seen = 0.0, 0, 0", "    with torch.no_grad():",
        "        for pictures, numbers in validation:",
        "            pictures, numbers = pictures.to(device), numbers.to(device)",
        "            answers = network(pictures)",
        "            total += loss_of(answers, numbers).item() * len(numbers)",
        f"            right += {_RIGHT[binary]}.item()", "            seen += len(numbers)",
        '    print(f"epoch {epoch + 1}: val_loss {total / max(1, seen):.4f}, val_accuracy {right / max(1, seen):.4f}")',
        "", "# Arrays by name, as load_weights reads them.",
        'np.savez("weights.npz", **{name: value.cpu().numpy() for name, value in network.state_dict().items()})',
    ]
    head = imports(model.code + "F.", "import json", "from pathlib import Path", "", "import cv2")
    head = head.rstrip("\n") + "\nfrom torch.utils.data import DataLoader, Dataset\n"
    return "\n\n".join([head, _DATA, recipe_code(project.recipe) + "\n", _PICTURES, model.code, _LOADING,
                        "\n".join(lines) + "\n"])


def _left_out(project: Project) -> list[str]:
    """What the printed loop does not do of what the program does."""
    training = project.training
    found = [*(step.type for step in project.augmentation.active),
             *(step.type for step in training.callbacks if step.enabled)]
    if training.class_weight != "none":
        found.append("class_weight")
    found += [name for name in ("weight_decay", "clipnorm") if training.optimizer.params.get(name)]
    return found if training.optimizer.type in ("adam", "sgd", "rmsprop") else [*found, training.optimizer.type]


def _optimizer(project: Project) -> str:
    values: dict[str, Any] = dict(project.training.optimizer.params)
    kind = {"sgd": "SGD", "rmsprop": "RMSprop"}.get(project.training.optimizer.type, "Adam")
    rate = values.get("learning_rate", 0.01 if kind == "SGD" else 0.001)
    options = [f"lr={rate!r}"]
    if kind == "SGD" and values.get("momentum"):
        options += [f"momentum={values['momentum']!r}", *(["nesterov=True"] if values.get("nesterov") else [])]
    if kind == "RMSprop":
        options += [f"alpha={values.get('rho', 0.9)!r}", "eps=1e-07"]
    if kind == "Adam":
        options += [f"betas=({values.get('beta_1', 0.9)!r}, {values.get('beta_2', 0.999)!r})", "eps=1e-07"]
    return f"torch.optim.{kind}([each for each in network.parameters() if each.requires_grad], {', '.join(options)})"
