"""From the canvas to Keras code and back: the same graph. Nothing of the code is run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.blocks import BLOCKS, insert_block
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core import network_edits
from cnnstudio.core.edits import set_network, set_node_param
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.interchange.apply_code import apply_code, read_edited_code
from cnnstudio.interchange.foreign import with_foreign_network
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing import blocks
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.python_source.source import SourceNetwork
from cnnstudio.interchange.source_code import read_code
from cnnstudio.network.new_project import Facts, new_project, with_base
from cnnstudio.network.shapes import report
from tests.catalog.layer_cases import CONTEXT, around
from tests.catalog.random_networks import networks, repeated
from tests.interchange.keras_files import write_model


def graph(network: NetworkSpec) -> tuple:
    """Layers with all their values, and who feeds whom; where an attention's key is its value, or all are one, once."""
    nodes, edges = {}, {}
    for node in network.nodes:
        layer = LAYERS.find(node.type)
        nodes[node.id] = (node.type, node.params if layer is None else values_of(node, layer))
        sources = network.inputs_of(node.id)
        if layer is not None and layer.passing != "list":
            sources = sources[:2] if len(sources) == 3 and sources[2] == sources[1] else sources
            sources = sources[:1] if len(set(sources)) == 1 else sources
        edges[node.id] = sources
    return nodes, edges


def same(one: NetworkSpec, other: NetworkSpec) -> None:
    assert graph(other) == graph(one)


def applied(project: Project, code: str, classes: int = 3) -> Project:
    """As from a file: nothing is known but the code. Read again where it was printed it must be no less."""
    context = context_of(project, classes, BUILT_IN)
    back = apply_code(project, read_code(code), context)
    assert graph(apply_code(project, read_edited_code(code, project, context), context).network) == graph(back.network)
    return back


@pytest.mark.parametrize("template", list(TEMPLATES), ids=lambda template: template.id)
@pytest.mark.parametrize("as_script", [False, True], ids=["network", "script"])
def test_an_architecture_comes_back_as_it_went(template, as_script):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template=template.id)
    context = context_of(project, 3, BUILT_IN)
    code = keras_script(project, context_of(project, 3, BUILT_IN), 90) if as_script else keras_code(project.network, context)
    written = read_code(code)
    back = with_foreign_network(set_network(project, NetworkSpec()), written, context)
    same(project.network, back.network)
    assert back.recipe == project.recipe
    assert applied(project, code) == project
    if as_script:
        assert back.training.last_stage.optimizer.type == project.training.last_stage.optimizer.type
        assert back.training.epochs == project.training.epochs


@pytest.mark.parametrize("block", list(BLOCKS), ids=lambda block: block.id)
def test_a_block_comes_back_as_it_went(block):
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=8, padding="same")
    project = insert_block(Project(network=drawing.network()), block.id, (32, 32, 8), drawing.last)
    context = context_of(project, 3, BUILT_IN)
    same(project.network, read_code(keras_code(project.network, context)).network)


SETTINGS = {"frozen": {}, "learning": {"trainable_from": "all", "pooling": "none", "weights": "random"},
            "file": {"pooling": "max", "weights": "file", "weights_file": 'C:\\x "y"\\w. Node: z.h5'}}
LARGE = ("nasnet_mobile", "inception_v3", "densenet121")
"""With all settings nightly."""
CASES = [pytest.param(base, settings_, id=f"{base}-{name}",
                      marks=pytest.mark.nightly if base in LARGE and name != "frozen" else ())
         for base in ("efficientnet_lite0", "vgg16", "mobilenet_v2", "resnet50", "convnext_tiny", *LARGE)
         for name, settings_ in SETTINGS.items()]


@pytest.mark.parametrize(("base", "settings_"), CASES)
def test_a_base_comes_back_as_one_layer(base, settings_):
    project = with_base(Project(name="x"), BASES[base])
    node = project.network.nodes[1]
    for name, params in ((node.id, settings_), ("my-base", settings_ | {"trainable_from": BASES[base].blocks[-1]}),
                         ("keras", settings_ | {"ends_at": BASES[base].blocks[-2]})):
        nodes = tuple(Node(id=name, type=item.type, params=item.params | params) if item is node else item
                      for item in project.network.nodes)
        edges = tuple(Edge(source=name if item.source == node.id else item.source,
                           target=name if item.target == node.id else item.target) for item in project.network.edges)
        changed = set_network(project, NetworkSpec(nodes=nodes, edges=edges, origin=base))
        back = applied(changed, keras_code(changed.network, context_of(changed, 3, BUILT_IN)))
        same(changed.network, back.network)
        assert back.recipe == changed.recipe
        assert applied(changed, keras_script(changed, context_of(changed, 3, BUILT_IN), 90)) == back


def test_a_base_of_the_users_own_comes_back_where_it_was_printed(tmp_path):
    """The function that is printed for it loads the file: only its own project knows what that is."""
    folder = tmp_path / "project"
    folder.mkdir()
    base = ProjectBases(folder).require_own(copy_into_project(write_model(tmp_path / "mine.keras"), folder))
    project = with_base(Project(name="x"), base)
    for name, value in (("pooling", "avg"), ("trainable_from", "three"), ("ends_at", "two")):
        context = context_of(project, 3, ProjectBases(folder))
        code = keras_code(project.network, context)
        assert apply_code(project, read_edited_code(code, project, context), context) == project
        with pytest.raises(ProblemError):
            read_code(code)
        project = set_node_param(project, "base", name, value)


def test_layers_of_a_base_that_were_changed_stay_layers():
    project = with_base(Project(name="x"), BASES["vgg16"])
    code = keras_code(project.network, context_of(project, 3, BUILT_IN))
    written = read_code(code.replace('"block4", 512', '"block4", 500'))
    assert written.network.node("block4_conv1").params["filters"] == 500
    assert not any(node.type == "PretrainedBase" for node in written.network.nodes)


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks())
def test_a_random_network_comes_back_as_it_went(sample):
    """With its mistakes: the canvas marks them, the code carries them."""
    network, context = sample
    if any(problem.code == "value" for problem in report(network, context, headless=True).problems):
        return  # what no layer can have need not be printable
    project = Project(network=network)
    written = read_code(keras_code(network, context))
    back = apply_code(project, written, context)
    expected, result = graph(network), graph(back.network)
    assert result == expected


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks(), networks())
def test_a_random_network_that_repeats_comes_back_from_its_functions(monkeypatch, one, other):
    """The same small network five times behind one another, printed as blocks however small it is."""
    monkeypatch.setattr(blocks, "_LARGE", 3)
    (first, context), (second, _other) = one, other
    for network in (first, second, repeated(first), repeated(second)):
        if any(problem.code == "value" for problem in report(network, context, headless=True).problems):
            continue
        code = keras_code(network, context)
        assert graph(apply_code(Project(network=network), read_code(code), context).network) == graph(network)


@pytest.mark.parametrize("normalization", ["zero_one", "minus_one_one", "none", "base", "standardize"])
@pytest.mark.parametrize("own", [None, "normalization", "rescaling", "first"])
def test_the_normalisation_stays_the_recipes_and_a_rescaling_the_users(normalization, own):
    import msgspec

    drawing = network_builder()
    drawing.add("Input")
    if own is not None:
        drawing.add("Rescaling", id=own, scale=1 / 255)
    drawing.add("Flatten")
    drawing.add("Output")
    project = set_network(Project(), drawing.network())
    recipe = msgspec.structs.replace(project.recipe, normalization=normalization, mean=(100.0, 110.1, 120.3),
                                     deviation=(60.0, 61.7, 62.9))
    project = msgspec.structs.replace(project, recipe=recipe)
    assert applied(project, keras_code(project.network, context_of(project, 3, BUILT_IN))) == project


def test_places_blocks_notes_and_repetitions_stay():
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=8, padding="same")
    drawing.add("Conv2D", id="inner", filters=8, padding="same")
    drawing.add("ReLU", id="active")
    drawing.add("Flatten")
    drawing.add("Output")
    project = network_edits.group_nodes(set_network(Project(), drawing.network("small_cnn")), ["inner", "active"], "Stage")
    project = network_edits.set_group(project, "block", repeat=3)
    project = network_edits.add_note(project, "words", (3.0, 4.0))
    nodes = tuple(Node(id=node.id, type=node.type, params=node.params, position=(1.0, float(place)))
                  for place, node in enumerate(project.network.nodes))
    import msgspec

    project = set_network(project, msgspec.structs.replace(project.network, nodes=nodes))
    code = keras_code(project.network, context_of(project, 3, BUILT_IN))
    assert "inner_r3" in code
    assert applied(project, code) == project

    changed = applied(project, code.replace('filters=8, kernel_size=(3, 3), padding="same", name="inner_r2"',
                                            'filters=8, kernel_size=(5, 5), padding="same", name="inner_r2"'))
    assert changed.network.groups[0].repeat == 1
    assert changed.network.node("inner_r2").params["kernel_size"] == (5, 5)
    assert changed.network.node("inner").position == (1.0, 2.0)
    assert changed.network.notes == project.network.notes


def test_what_was_taken_over_stays_a_dense_layer():
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Flatten")
    drawing.add("Dense", units=3, activation="softmax")
    project = set_network(Project(), drawing.network())
    assert applied(project, keras_code(project.network, context_of(project, 3, BUILT_IN))) == project


def test_unknown_layers_and_loose_ends_are_carried():
    nodes = (Node(id="input", type="Input"), Node(id="odd", type="Mystery", params={"strength": 2, "words": 'a "b"'}),
             Node(id="swapped", type="Conv2D (channels_first)", params={"filters": 3, "data_format": "channels_first"}),
             Node(id="loose", type="Dense", params={"units": 7}), Node(id="keras", type="Flatten"), Node(id="a-b", type="ReLU"),
             Node(id="a_b", type="Dropout"), Node(id="output", type="Output"))
    edges = (Edge(source="input", target="odd"), Edge(source="odd", target="swapped"), Edge(source="swapped", target="a-b"),
             Edge(source="a-b", target="a_b"), Edge(source="a_b", target="keras"), Edge(source="keras", target="output"))
    project = set_network(Project(), NetworkSpec(nodes=nodes, edges=edges))
    code = keras_code(project.network, context_of(project, 3, BUILT_IN))
    written = read_code(code)
    assert set(written.unknown) == {"odd", "swapped"}
    same(project.network, applied(project, code).network)


def test_every_name_of_a_printed_script_is_kept_from_layers():
    """A layer called as the script calls its pictures would end the script."""
    drawing = network_builder()
    drawing.add("Input", id="train")
    drawing.add("Flatten", id="model")
    drawing.add("Dense", id="keras", units=4)
    drawing.add("Add", "model", "model", id="validation")
    drawing.add("Output", id="np")
    project = set_network(Project(), drawing.network())
    code = keras_script(project, context_of(project, 3, BUILT_IN), 90)
    assert "\ntrain = keras" not in code and "\nkeras = " not in code
    same(project.network, applied(project, code).network)


def test_reading_does_not_depend_on_what_was_read_before():
    code = keras_code(around("Conv2D", {}), CONTEXT)
    first = read_code(code)
    assert isinstance(first, SourceNetwork)
    assert read_code(code) == first
    assert isinstance(CONTEXT, Context)
