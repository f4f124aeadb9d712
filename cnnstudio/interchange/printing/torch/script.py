"""The printed PyTorch file: the network, and on demand the pictures and the training."""

from __future__ import annotations

import re
from typing import Final

from cnnstudio.catalog.call import literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.training import chosen_loss
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import Problem
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.augmentation import augmentation_code, mixing_code
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.script_files import script_files, script_title
from cnnstudio.interchange.printing.torch.initializers import INITIALIZE
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.plan import Plan
from cnnstudio.interchange.printing.torch.training import (
    functions,
    main_lines,
    training_problems,
)

_LOADING: Final = '''\
def load_weights(model, path):
    """Sets the weights from an .npz file that CNN Studio wrote for this network (arrays by name, nothing pickled)."""
    with np.load(path, allow_pickle=False) as archive:
        model.load_state_dict({name: torch.from_numpy(archive[name]) for name in archive.files})
'''


def imports(code: str, *more: str) -> str:
    """The import lines that the code needs."""
    lines = [*(["from collections import OrderedDict", ""] if "OrderedDict(" in code else []), *more,
             "import numpy as np", "import torch", *(["import torch.nn.functional as F"] if re.search(r"\bF\.", code) else []),
             "from torch import nn"]
    return "\n".join(lines) + "\n"


def torch_code(network: NetworkSpec, context: Context) -> str:
    """A file with the class `Network` and `load_weights(model, path)`."""
    model = torch_model(network, context)
    return "\n\n".join([imports(model.code), model.code, _LOADING])


_DATA: Final = '''\
SEED = {seed}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
{workers}# The list of the pictures: a line with the folder and the classes, then a line for every picture.
LIST = Path(__file__).with_name({list_name})
header, *rows = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
CLASSES = header["class_names"]
'''
_WORKERS: Final = '''\
WORKERS = 2
cv2.setNumThreads(0)  # workers that start while a thread of OpenCV's own holds a lock would wait for it for ever
'''
_PICTURES: Final = '''\
class Pictures(Dataset):
    """The pictures of a split with their labels: uint8 (height, width, channels), prepared once{changed}."""

    def __init__(self, split):
        chosen = [row for row in rows if row["split"] == split]
        with ThreadPoolExecutor() as threads:
            self.pictures = list(threads.map(prepare, [str(Path(header["root"], row["path"])) for row in chosen]))
        self.labels = [{label} for row in chosen]
{more}
    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
{picture}
'''
_AUGMENTED: Final = '''\
        picture = self.pictures[index]
        return picture if self.rng is None else augment(picture, self.rng), self.labels[index]'''
_CHANGED: Final = '''\
        self.rng = np.random.default_rng(SEED) if split == "train" else None
'''
_WORKER: Final = '''\
def start_worker(_number):
    """A random generator for every worker: copies of one would draw the same numbers in all of them."""
    torch.utils.data.get_worker_info().dataset.rng = np.random.default_rng(torch.initial_seed())
'''
_COLLATE: Final = '''\
class Mixing:
    """Makes a training batch, and mixes its pictures."""

    def __init__(self):
        self.rng = None

    def __call__(self, elements):
        if self.rng is None:  # in every worker another one
            self.rng = np.random.default_rng(torch.initial_seed())
        pictures, labels = (np.stack(parts) for parts in zip(*elements))
        pictures, labels = mix(pictures, labels, self.rng)
        return torch.from_numpy(pictures), torch.from_numpy(labels)
'''


def torch_problems(project: Project, context: Context, with_training: bool = True) -> tuple[Problem, ...]:
    """The parts of the network, and `with_training` of the training, that have no PyTorch form."""
    training = training_problems(project) if with_training else ()
    return (*torch_model(project.network, context).missing, *training)


def torch_script(project: Project, context: Context, pictures: int = 0, stem: str = "") -> str:
    """A script that trains the network with PyTorch; `pictures` are those of its training split, by which schedules count
    batches. It reads the files of `script_files(project, context, stem)`, which lie beside it."""
    files = script_files(project, context, stem)
    loss, _values = chosen_loss(project.training.loss, context.label_mode)
    model = torch_model(project.network, context, logits=True)
    if model.left_out and (loss.torch.logits is None or model.left_out != loss.activation):
        model = torch_model(project.network, context)
    changing, mixing = augmentation_code(project), mixing_code(project)
    plan = Plan(project=project, pictures=pictures, model=model, context=context, weights=files.weights,
                changes=bool(changing), mixes=bool(mixing))
    loop, main = functions(plan), main_lines(plan)
    binary = project.dataset.label_mode == "binary"
    label = ('np.float32([row["label"]])' if binary else 'row["label"]' if plan.by_number else
             'np.eye(len(CLASSES), dtype=np.float32)[row["label"]]')
    dataset = _PICTURES.format(
        label=label, changed=" and changed at random in training" if changing else "", more=_CHANGED if changing else "",
        picture=_AUGMENTED if changing else "        return self.pictures[index], self.labels[index]")
    parts = [_DATA.format(seed=project.training.seed, list_name=literal(files.pictures),
                          workers=_WORKERS if changing or mixing else ""), recipe_code(project.recipe) + "\n",
             *([changing] if changing else []), dataset, *([_WORKER] if changing else []),
             *([mixing, _COLLATE] if mixing else []), model.code, *([_LOADING] if files.weights else []), INITIALIZE, *loop,
             'if __name__ == "__main__":\n' + "".join(f"    {line}".rstrip() + "\n" for line in main)]
    code = "\n\n".join(parts)
    standard = ["import json", *(["import math"] if "math." in code else []), *(["import time"] if "time." in code else []),
                *(["from collections import OrderedDict"] if "OrderedDict(" in code else []),
                "from concurrent.futures import ThreadPoolExecutor", "from pathlib import Path"]
    libraries = ["import cv2", "import numpy as np", "import torch",
                 *(["import torch.nn.functional as F"] if re.search(r"\bF\.", code) else []), "from torch import nn",
                 "from torch.utils.data import DataLoader, Dataset"]
    head = [f'"""{script_title(project)}: trains its network on its pictures with PyTorch."""', "", *standard, "", *libraries]
    return "\n".join(head) + "\n\n" + code
