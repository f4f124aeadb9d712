"""The jobs that explain answers and show features, with the events that only they send."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from cnnstudio.core.commands import Request
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text


class SanityChecks(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a map says something about the network and the picture.

    `similarity`: the rank correlation (Spearman) with the maps of the same network with shuffled weights, the mean of
    absolute values; near 1: the map does not depend on what was learned (Adebayo et al., 2018). `deletion` and `insertion`
    (0 to 1): the mean probability of the class while its most important pixels are blurred first, or come back first
    (Petsiuk et al., 2018); `chance_deletion` and `chance_insertion` the means of the same for the map moved elsewhere, and
    `better_than` the share (0 to 1) of those moved maps that its insertion less deletion beats. `completeness` (only of
    integrated gradients): how far their sum is from the difference of the scores, as a share of it.
    """

    similarity: float
    deletion: float
    insertion: float
    chance_deletion: float
    chance_insertion: float
    better_than: float
    completeness: float | None = None
    depends_on_weights: bool
    beats_chance: bool
    verdict: Text

    @property
    def passed(self) -> bool:
        return self.depends_on_weights and self.beats_chance


class Explained(Event, frozen=True, kw_only=True):
    """The explanation of one picture, or the problem that prevented it.

    `file` is the picture with the map over it (PNG); `map_file` an .npz file without objects: "map" float32 (height, width)
    in the size of the network's input, "source" and "target" (top, left, height, width) of the part of the upright picture
    that fills that part of the input, "size" (height, width) of the picture. Both empty where nothing is written.
    `score` is that of the class before the last activation, `probability` after it.
    """

    request: int = 0
    path: str
    method: str = ""
    layer: str = ""
    class_name: str = ""
    predicted: str = ""
    probability: float = 0.0
    score: float = 0.0
    file: str = ""
    map_file: str = ""
    checks: SanityChecks | None = None
    note: Text | None = None
    """What is to be known of a map that says nothing."""
    problem: Problem | None = None


class ExplainedTogether(Event, frozen=True, kw_only=True):
    """Several pictures in one file: `kind` is "sheet" (their overlays side by side) or "mean" (the mean of the maps, each
    divided by its maximum, over the mean picture, in the size of the input; its `map_file` has both as "map" and
    "picture")."""

    request: int = 0
    kind: str
    file: str
    pictures: int
    map_file: str = ""


class ExplainRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is explained and how: `layer` and `class_name` empty for the default layer and the predicted class.

    `strength` (0 to 1) is how much the map covers the picture. `target` is the folder for the files. `mean` adds the mean of
    all maps, `check` the sanity checks. Without `overlays` only the files of the maps are written: a window draws them itself.
    """

    paths: tuple[str, ...] = ()
    method: str = "gradcam"
    params: dict[str, Any] = {}
    layer: str = ""
    class_name: str = ""
    strength: float = 0.6
    target: str = ""
    check: bool = False
    mean: bool = False
    overlays: bool = True


class ExplainPictures(JobSpec, frozen=True, kw_only=True):
    """Explain pictures by the model of a run folder, a bundle folder or a model file: an Explained event each, in order."""

    function: ClassVar[str] = "explaining.job:explain_pictures"

    model: str
    request: ExplainRequest = ExplainRequest()


class Explain(Request, frozen=True, kw_only=True):
    """Explain pictures by the model of the warm server; `request` comes back with every Explained, and with Answered at the
    end."""

    what: ExplainRequest


class ListLayers(Request, frozen=True, kw_only=True):
    """Tell the layers of the model of the warm server: a LayersListed."""


class ModelLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer at which may be explained: its name ("base/block" within a nested model), its Keras type, and the shape of its
    output for one picture."""

    name: str
    type: str
    shape: tuple[int, ...]


class LayersListed(Event, frozen=True, kw_only=True):
    """The layers with feature maps, in the order of the network, and the one that is taken where none is named; both empty
    where there is none, or `problem` says why the model cannot be explained."""

    request: int
    layers: tuple[ModelLayer, ...] = ()
    default: str = ""
    problem: Problem | None = None


class FeaturePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that excites a unit: `activation` is the greatest over the positions of its map, at `position` (row, column);
    `box` (top, left, height, width) is what that position sees of the upright picture, whose `size` is (height, width)."""

    path: str
    activation: float
    position: tuple[int, int] = (0, 0)
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    size: tuple[int, int] = (0, 0)


class FeaturesShown(Event, frozen=True, kw_only=True):
    """Features of one layer in one file (PNG), and their numbers in `data_file` (.npz without objects); the problem where there
    are none. `kind` is that of the request. `shape` is that of the layer's output for one picture; `units` those that the
    file shows, where it does not show the first ones.

    `box` is the theoretical receptive field of a position in the upright picture, `effective` the part of the gradient
    (0 to 1) that lies in its middle half.
    """

    request: int = 0
    kind: str
    path: str = ""
    layer: str = ""
    type: str = ""
    units: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    unit: int | None = None
    file: str = ""
    data_file: str = ""
    dead: float | None = None
    """The share of units that answer nothing above zero for this picture."""
    pictures: tuple[FeaturePicture, ...] = ()
    position: tuple[int, int] | None = None
    box: tuple[int, int, int, int] | None = None
    effective: float | None = None
    activation: float | None = None
    problem: Problem | None = None


class FeaturesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown, by `kind`:

    "layers": all layers with the shapes of their outputs, without files; "overview": of each layer with feature maps the
    `most` units that answer most to the first of `paths`, beside each other in a file without borders; "maps": the feature
    maps of each of `paths` in `layer`, empty: in every layer; "filters": the kernels of `layer`, empty: of the first
    convolution; "exciting": of `paths` the `most` pictures that excite each of `units` most; "maximisation": for each unit a
    picture that excites it, made by gradient ascent; "field": what the position (row, column) of a layer sees of each picture.

    Without `sheets` there are only the numbers, and pictures for what has none: a window draws the rest itself. `target` is
    the folder for the files.
    """

    kind: str
    target: str
    paths: tuple[str, ...] = ()
    layer: str = ""
    units: tuple[int, ...] = ()
    position: tuple[int, int] | None = None
    most: int = 9
    steps: int = 128
    sheets: bool = True


class ShowFeatures(JobSpec, frozen=True, kw_only=True):
    """Show what the layers of a model compute: FeaturesShown events."""

    function: ClassVar[str] = "explaining.features_job:show_features"

    model: str
    request: FeaturesRequest


class LookInside(Request, frozen=True, kw_only=True):
    """Show what the layers of the model of the warm server compute: FeaturesShown events, and Answered at the end."""

    what: FeaturesRequest
