"""What an entry without a PyTorch form leads to."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.registry import Registry
from cnnstudio.interchange.printing.torch import module

CONTEXT = Context(height=8, width=8, channels=3, class_count=2)


@pytest.fixture
def without_elu(monkeypatch):
    """The layer ELU as if PyTorch had none."""
    form = NotInTorch("nobody wrote it", "nadie la escribió")
    entries = [msgspec.structs.replace(layer, torch=form) if layer.id == "ELU" else layer for layer in LAYERS]
    monkeypatch.setattr(module, "LAYERS", Registry("layer", entries))


def test_a_layer_that_is_not_in_pytorch_is_a_problem_with_its_reason(without_elu):
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
