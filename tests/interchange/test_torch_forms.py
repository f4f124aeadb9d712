"""What an entry without a PyTorch form leads to."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.item import Item
from cnnstudio.core.registry import Registry
from cnnstudio.core.training import with_settings
from cnnstudio.interchange.printing.torch import layer_lines, module, optimizers, training
from cnnstudio.interchange.printing.torch.script import torch_problems, torch_script
from cnnstudio.network.new_project import Facts, new_project

CONTEXT = Context(height=8, width=8, channels=3, class_count=2)


@pytest.fixture
def without_elu(monkeypatch):
    """The layer ELU as if PyTorch had none."""
    form = NotInTorch("nobody wrote it", "nadie la escribió")
    entries = [msgspec.structs.replace(layer, torch=form) if layer.id == "ELU" else layer for layer in LAYERS]
    monkeypatch.setattr(layer_lines, "LAYERS", Registry("layer", entries))


@pytest.mark.usefixtures("without_elu")
def test_a_layer_that_is_not_in_pytorch_is_a_problem_with_its_reason():
    builder = network_builder()
    for kind in ("Input", "ELU", "GlobalAveragePooling2D", "Output"):
        builder.add(kind)
    model = module.torch_model(builder.network(), CONTEXT)
    (problem,) = model.missing
    assert (problem.code, problem.where.node) == ("not_in_torch", "elu")
    assert problem.text.en == "ELU is not in PyTorch: nobody wrote it."
    assert problem.text.es == "ELU no está en PyTorch: nadie la escribió."
    assert "# ELU is not in PyTorch: nobody wrote it." in model.code
    assert 'Missing("ELU")' in model.code


def with_optimizer(kind: str):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template="small_cnn")
    return msgspec.structs.replace(project, training=with_settings(project.training, optimizer=Item(type=kind)))


@pytest.mark.parametrize("kind", ["newton_of_a_newer_version", "sgd"])
def test_an_optimizer_without_a_form_is_never_printed_as_another_one(kind, monkeypatch):
    form = NotInTorch("nobody wrote it", "nadie lo escribió")
    entries = [msgspec.structs.replace(entry, torch=form) if entry.id == "sgd" else entry for entry in OPTIMIZERS]
    for module_of_it in (training, optimizers):
        monkeypatch.setattr(module_of_it, "OPTIMIZERS", Registry("optimizer", entries))
    project = with_optimizer(kind)
    code = torch_script(project, context_of(project, 3, BUILT_IN))
    compile(code, "script.py", "exec")
    assert "torch.optim.Adam" not in code
    assert "raise SystemExit(" in code
    if kind == "sgd":
        assert "# SGD is not in PyTorch: nobody wrote it." in code
        (problem,) = torch_problems(project, CONTEXT)
        assert (problem.code, problem.where.field) == ("not_in_torch", "optimizer")
    else:
        assert f"# This version cannot print: {kind}." in code
