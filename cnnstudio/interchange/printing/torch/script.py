"""The printed PyTorch file: the network, and on demand the pictures and the training."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import Problem
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.torch.augmentation import augmentation_code, mixing_code
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.training import training_code, training_problems

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
        self.split, self.rows = split, [row for row in rows if row["split"] == split]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        row = self.rows[place]
        pixels = prepare(str(Path(header["root"]) / row["path"]).encode())
{change}        return torch.from_numpy(pixels).permute(2, 0, 1).float(), row["label"]
'''


def loss_name(project: Project, context: Context) -> str:
    return context.loss if project.training.loss == "auto" else project.training.loss


def torch_problems(project: Project, context: Context, with_training: bool = True) -> tuple[Problem, ...]:
    """The parts of the network, and `with_training` of the training, that have no PyTorch form."""
    training = training_problems(project, loss_name(project, context)) if with_training else ()
    return (*torch_model(project.network, context).missing, *training)


def torch_script(project: Project, context: Context, pictures: int = 0) -> str:
    """A script that trains the network with PyTorch, beside the list of pictures of a run (manifest.jsonl); `pictures`
    are those of its training split, by which schedules count batches."""
    model = torch_model(project.network, context)
    changing, mixing = augmentation_code(project), mixing_code(project)
    loop = training_code(project, loss_name(project, context), pictures, has_penalties=model.has_penalties,
                         mixes=bool(mixing))
    uses_math = "math." in mixing + "\n".join(loop)
    standard = ["import json", *(["import math"] if uses_math else []), "from pathlib import Path", "", "import cv2"]
    head = imports(model.code + "F.", *standard)
    head = head.rstrip("\n") + "\nfrom torch.utils.data import DataLoader, Dataset\n"
    change = ['        if self.split == "train":', "            pixels = augment(pixels)"] if changing else []
    dataset = _PICTURES.replace("{change}", "".join(f"{line}\n" for line in change))
    return "\n\n".join([head, _DATA, recipe_code(project.recipe) + "\n", *([changing] if changing else []), dataset,
                        *([mixing] if mixing else []), model.code, _LOADING, "\n".join(loop) + "\n"])
