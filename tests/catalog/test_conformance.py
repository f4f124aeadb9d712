"""Every entry of every registry to every consumer that needs neither Keras nor a window.

What builds, trains or computes is in `tests/engine/test_conformance.py` and `test_optimizers.py`; the pixels of recipe steps
in `test_recipe_steps.py`, those of augmentations in `tests/imaging`; the forms in `tests/gui/test_registry_forms.py`.
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.blocks import BLOCKS
from cnnstudio.catalog.component import Place
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import ExampleFacts
from cnnstudio.catalog.keras_parts import short_name
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.params import params_of
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.catalog.training.file_callbacks import place_values
from cnnstudio.core.item import Item, Step
from cnnstudio.core.keys import get_value, set_value
from cnnstudio.core.network import Node
from cnnstudio.core.params import Bool, Choice, Float, Int, check, with_defaults
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import LANGUAGES, Text, set_language
from cnnstudio.core.training import with_settings
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.pipeline import pipeline_code
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_script
from cnnstudio.interchange.source_code import read_code
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report
from cnnstudio.network.summary import summary
from tests.catalog.layer_cases import CASES, CONTEXT, OTHERS, around

WITH_PARAMS = (LAYERS, RECIPE_STEPS, AUGMENTATIONS, OPTIMIZERS, LOSSES, CALLBACKS, SCHEDULES)
REGISTRIES = (*WITH_PARAMS, EXPORTERS, BASES, TEMPLATES, BLOCKS)
ENTRIES = [pytest.param(entry, id=f"{registry.kind}-{entry.id}") for registry in REGISTRIES for entry in registry]
SETTABLE = [pytest.param(entry, id=f"{registry.kind}-{entry.id}") for registry in WITH_PARAMS for entry in registry]
EVERY_LAYER = [*CASES, *OTHERS]


def texts(entry: Any) -> list[Text]:
    """All two-language texts of an entry and of its parameters."""
    result = [getattr(entry, name) for name in entry.__struct_fields__ if isinstance(getattr(entry, name), Text)]
    for param in getattr(entry, "params", ()):
        if not hasattr(param, "name"):
            continue
        result += [param.label, param.help, *(option.label for option in getattr(param, "options", ()))]
    return result


# Every registry ----------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_texts_are_in_both_languages(entry):
    for text in texts(entry):
        assert text.en.strip(), entry.id
        assert text.es.strip(), entry.id
    assert entry.help.en != entry.help.es, "a sentence is never the same in both"


@pytest.mark.parametrize("entry", SETTABLE)
def test_the_defaults_are_valid_and_settable_by_word(entry):
    assert check(entry.params, {}, "project") == ()
    assert len({param.name for param in entry.params}) == len(entry.params)
    for param in entry.params:
        if param.shown_when is not None:
            assert param.shown_when.name in {other.name for other in entry.params}, param.name
        if isinstance(param, Bool | Choice | Float | Int):
            assert param.parse("none" if param.default is None else str(param.default)) == param.default, param.name


@pytest.mark.parametrize("entry", SETTABLE)
def test_every_argument_of_the_call_is_a_parameter(entry):
    """With the context of a layer or the place of a callback; training evaluates the call that is printed."""
    if getattr(entry, "call", None) is not None:
        values = with_defaults(entry.params, {}) | {"context": CONTEXT, "always": (1.0, 1.0)}
        if getattr(entry, "placed", None) is not None:
            values = entry.placed(values, Place(id="one"))
        ast.parse(entry.call.code(values, short_name))


# Layers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "values", "before"), EVERY_LAYER, ids=lambda value: value if isinstance(value, str) else "")
def test_a_layer_is_known_to_every_consumer(kind, values, before):
    spec = around(kind, values, before)
    result = report(spec, CONTEXT, headless=True)
    layer, node = LAYERS[kind], result.nodes["layer"]
    assert result.problems == ()
    assert node.shape is not None
    if layer.elementwise:
        assert node.shape == node.inputs[0], "elementwise: the shape stays"
    if not layer.has_weights and kind != "PretrainedBase":
        assert node.cost.parameters == 0
    for language in LANGUAGES:
        set_language(language)
        assert isinstance(summary(spec.nodes[-1], CONTEXT), str)
    ast.parse(keras_code(spec, CONTEXT))
    model = torch_model(spec, CONTEXT)
    ast.parse(model.code)
    if isinstance(layer.torch, NotInTorch):
        assert [problem.code for problem in model.missing] == ["not_in_torch"]
    else:
        assert model.missing == ()


@pytest.mark.parametrize(("kind", "values", "before"), [case for case in EVERY_LAYER if case[0] != "Output"],
                         ids=lambda value: value if isinstance(value, str) else "")
def test_the_printed_code_of_a_layer_is_read_as_that_layer(kind, values, before):
    spec = around(kind, values, before)
    written = read_code(keras_code(spec, CONTEXT))
    assert (written.unknown, written.notes, written.normalization) == ((), (), "zero_one")
    assert written.shape == (CONTEXT.height, CONTEXT.width, CONTEXT.channels)
    first, second = ({node.id: (node.type, values_of(node, LAYERS[node.type])) for node in network.nodes}
                     for network in (spec, written.network))
    assert second == first


def test_names_of_new_layers_and_aliases_are_unambiguous():
    stems = [layer.stem for layer in LAYERS]
    assert all(stem.isidentifier() and stem == stem.lower() for stem in stems)
    assert len(stems) - len(set(stems)) == 1  # Attention and MultiHeadAttention
    aliases = [alias for layer in LAYERS for alias in layer.aliases]
    assert len(aliases) == len(set(aliases)) and not set(aliases) & set(LAYERS.ids())
    assert all(LAYERS[layer.batch_free].elementwise for layer in LAYERS if layer.batch_free)
    assert all(layer.formula or layer.family == "base" for layer in LAYERS)


NO_OPERATOR = {
    "PretrainedBase": "a network of its own", "Output": "a Gemm and a Softmax, read as Dense",
    "SeparableConv2D": "written as two Conv", "Resizing": "Resize with whole factors is UpSampling2D; others stay unknown",
    "RepeatVector": "written as Tile or Expand", "Dot": "written as MatMul and others",
    "AdaptiveAveragePooling2D": "written as its windows", "AdaptiveMaxPooling2D": "written as its windows",
    **dict.fromkeys(("MultiHeadAttention", "Attention"), "written as its products"),
    **dict.fromkeys(("SpatialDropout2D", "GaussianDropout", "AlphaDropout", "GaussianNoise", "ActivityRegularization"),
                    "left out of what only predicts"),
}
"""Layers that no operator of ONNX is read as, and why."""


def test_every_layer_is_read_from_onnx_or_has_a_reason():
    spec = importlib.util.find_spec("cnnstudio.interchange.onnx")
    assert spec is not None and spec.origin is not None
    constants = {node.value for path in Path(spec.origin).parent.glob("*.py")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {layer.id for layer in LAYERS if layer.id not in constants} == set(NO_OPERATOR)


# Training ----------------------------------------------------------------------------------------


def small_project(**training: Any):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template="small_cnn")
    return msgspec.structs.replace(project, training=with_settings(project.training, **training))


@pytest.mark.parametrize("entry", list(OPTIMIZERS), ids=lambda entry: entry.id)
def test_an_optimizer_is_set_by_key_printed_and_read_again(entry):
    project = set_value(small_project(), "training.optimizer", entry.id, params_of)
    for param in entry.params:
        default = with_defaults(entry.params, {})[param.name]
        assert get_value(project, f"training.optimizer.{param.name}", params_of) == default
    project = set_value(project, "training.optimizer.learning_rate", "0.0123", params_of)
    assert check(entry.params, project.training.last_stage.optimizer.params, "training") == ()
    code = keras_script(project, context_of(project, 3, BUILT_IN), 100)
    assert f"optimizer=keras.optimizers.{entry.label.en}(learning_rate=0.0123)" in code
    assert read_code(code).training["optimizer"] == Item(type=entry.id, params={"learning_rate": 0.0123})
    printed = torch_script(project, context_of(project, 3, BUILT_IN))
    ast.parse(printed)
    if isinstance(entry.torch, NotInTorch):
        assert f"# {entry.label.en} is not in PyTorch: {entry.torch.reason.en}." in printed
        assert entry.torch.reason.en != entry.torch.reason.es
    else:
        assert "lr=0.0123" in printed and "SystemExit" not in printed


@pytest.mark.parametrize("entry", list(OPTIMIZERS), ids=lambda entry: entry.id)
def test_one_way_of_clipping_at_most_is_passed_on(entry):
    ways = ("clipnorm", "clipvalue", "global_clipnorm")
    code = entry.call.code(with_defaults(entry.params, dict.fromkeys(ways, 2.0)))
    assert [way for way in ways if f" {way}=" in code] == ["clipnorm"]


@pytest.mark.parametrize("entry", list(CALLBACKS), ids=lambda entry: entry.id)
def test_a_callback_is_printed_for_both(entry):
    project = small_project(callbacks=(Step(id="one", type=entry.id),))
    context = context_of(project, 3, BUILT_IN)
    code, printed = keras_script(project, context, 100), torch_script(project, context)
    ast.parse(code)
    ast.parse(printed)
    values = place_values(entry, with_defaults(entry.params, {}), Place(id="one", epoch_batches=4))
    assert f"    {entry.call.code(values, short_name)},\n" in code
    assert isinstance(entry.torch, NotInTorch) or entry.id in printed


@pytest.mark.parametrize("entry", list(LOSSES), ids=lambda entry: entry.id)
def test_a_loss_is_printed_for_both(entry):
    project = set_value(small_project(), "training.loss", entry.id, params_of)
    assert f"loss={entry.call.target}()" in keras_script(project, context_of(project, 3, BUILT_IN), 100)
    printed = torch_script(project, context_of(project, 3, BUILT_IN))
    ast.parse(printed)
    assert f'"""{entry.id} of each picture' in printed


@pytest.mark.parametrize("entry", [entry for entry in LOSSES if entry.params], ids=lambda entry: entry.id)
def test_the_parameters_of_a_loss_are_set_by_key_printed_and_read_again(entry):
    project = set_value(small_project(), "training.loss", entry.id, params_of)
    project = set_value(project, "training.loss.label_smoothing", "0.1", params_of)
    assert get_value(project, "training.loss.label_smoothing", params_of) == 0.1
    code = keras_script(project, context_of(project, 3, BUILT_IN), 100)
    assert f"loss={entry.call.target}(label_smoothing=0.1)" in code
    assert read_code(code).training["loss"] == Item(type=entry.id, params={"label_smoothing": 0.1})


# Augmentations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["grayscale", "rgb", "rgba"])
@pytest.mark.parametrize("entry", list(AUGMENTATIONS), ids=lambda entry: entry.id)
def test_an_augmentation_is_printed_for_both(entry, mode):
    project = small_project()
    project = msgspec.structs.replace(
        project, recipe=msgspec.structs.replace(project.recipe, color_mode=mode),
        augmentation=msgspec.structs.replace(project.augmentation, steps=(Step(id="one", type=entry.id),)))
    pipeline, printed = pipeline_code(project, 3, 100), torch_script(project, context_of(project, 3, BUILT_IN))
    ast.parse(pipeline)
    ast.parse(printed)
    assert entry.keras.startswith("keras.layers.")
    assert mode != "rgb" or "def augment(" in pipeline or "def mix(" in pipeline
    assert mode != "rgb" or "def augment" in printed or "def mix" in printed


# Exporters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", list(EXPORTERS), ids=lambda entry: entry.id)
def test_an_exporter_names_functions_of_the_engine_that_are_there(entry):
    """Without importing them: they belong to the child."""
    for name in filter(None, (entry.writer, entry.opener, entry.recognizer)):
        module, _, function = name.partition(":")
        assert module.startswith("cnnstudio.engine.")
        spec = importlib.util.find_spec(module)
        assert spec is not None and spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert bool(entry.recognizer) == bool(entry.suffix), "folders are recognised by check.json"
    if entry.least_agreement == 1.0:
        assert 0 < entry.tolerance <= 1e-4 and entry.precision == "float32"
    else:
        # Whole numbers may be far off for a single picture, but not on average.
        assert entry.mean_tolerance <= 0.05 and entry.least_agreement >= 0.9
    assert entry.contents and entry.devices
    assert all(content.text.en != content.text.es for content in entry.contents)
    usage = entry.usage("/folder/export")
    assert usage.en and usage.es
    assert entry.is_document or entry.examples


@pytest.mark.parametrize("example", [example for entry in EXPORTERS for example in entry.examples
                                     if example.language == "python"], ids=lambda example: example.id)
def test_an_example_in_python_is_python(example):
    recipe = RecipeSpec(height=8, width=9)
    facts = ExampleFacts(path="/a b/ñ's", recipe=recipe, class_names=("it's", "b"), prepare=recipe_code(recipe))
    ast.parse(example.source(facts))


# Networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", list(BLOCKS), ids=lambda block: block.id)
def test_a_block_uses_layers_that_are_there(block):
    from cnnstudio.catalog.networks import network_builder

    builder = network_builder()
    builder.add("Input")
    builder.add("Conv2D", filters=16, padding="same")
    block.draw(builder, (10, 12, 16))
    result = report(builder.network(), CONTEXT, headless=True)
    assert result.problems == ()
    assert all(isinstance(node, Node) and node.type in LAYERS for node in builder.network().nodes)
