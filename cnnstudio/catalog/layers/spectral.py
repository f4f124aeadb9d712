"""Spectral normalisation of a layer's kernel: Keras has a wrapper layer for it.

Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018. At every step of a training the
kernel, as a matrix with a column for each entry of its last axis, is divided by an estimate of its largest singular
value; the estimate follows it through `vector_u`. A trained network predicts with the kernel as it was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.call import Call, Resolve, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.entry import Cost, CostFunction, LayerType, Shape, Values
from cnnstudio.catalog.torch_form import Helper, NotInTorch, Part, Site, TorchCode, TorchForm, Weight
from cnnstudio.core.params import Bool, Int, Param, ShownWhen
from cnnstudio.core.text import Text, same

WRAPPED: Final = "SpectralNormalization"
WRAPPER: Final = f"keras.layers.{WRAPPED}"
Columns = Callable[[Values, tuple[Shape, ...]], int]
"""Length of the kernel's last axis by the layer's parameters and inputs."""

PARAMS: Final[tuple[Param, ...]] = (
    Bool(name="spectral_normalization", default=False, advanced=True, label=same("spectral_normalization"),
         help=Text("Divide the kernel by its largest singular value at every step, so that the layer does not amplify "
                   "differences between pictures.",
                   "Dividir el kernel por su mayor valor singular en cada paso, para que la capa no amplifique las "
                   "diferencias entre imágenes.")),
    Int(name="power_iterations", default=1, minimum=1, maximum=100, advanced=True, label=same("power_iterations"),
        help=Text("Iterations to estimate that value at every step; one is usual.",
                  "Iteraciones para estimar ese valor en cada paso; lo habitual es una."),
        shown_when=ShownWhen("spectral_normalization", (True,))),
)


class SpectralCall(Call, frozen=True):
    """The layer's call, inside the wrapper if spectral normalisation is on; the name is the wrapper's."""

    def build(self, values: Mapping[str, Any], resolve: Resolve, **extra: Any) -> Any:
        if not values.get("spectral_normalization"):
            return super().build(values, resolve, **extra)
        return resolve(WRAPPER)(super().build(values, resolve), **_wrapper_arguments(values), **extra)

    def code(self, values: Mapping[str, Any], shorten: Callable[[str], str] = str, **extra: Any) -> str:
        if not values.get("spectral_normalization"):
            return super().code(values, shorten, **extra)
        arguments = _wrapper_arguments(values) | extra
        written = "".join(f", {name}={literal(value)}" for name, value in arguments.items())
        return f"{shorten(WRAPPER)}({super().code(values, shorten)}{written})"


def can_wrap(layer: LayerType | None) -> bool:
    """Whether Keras's wrapper accepts this layer."""
    return layer is not None and isinstance(layer.call, SpectralCall)


def _wrapper_arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    iterations = values.get("power_iterations", 1)
    return {} if iterations == 1 else {"power_iterations": iterations}


def wrapped_params(params: Mapping[str, Any], iterations: Any) -> dict[str, Any]:
    """The parameters of a layer inside the wrapper."""
    return dict(params) | {"spectral_normalization": True} | ({} if iterations == 1 else {"power_iterations": iterations})


def with_spectral_normalization(layer: LayerType, columns: Columns) -> LayerType:
    """The layer with the choice of spectral normalisation: parameters, call, the entries of `vector_u` in its cost, and its
    PyTorch form. For layers with one kernel, which is all that Keras wraps."""
    call = layer.call
    return msgspec.structs.replace(layer, params=(*layer.params, *PARAMS), cost=_cost(layer.cost, columns),
                                   torch=_torch(layer.torch, columns),
                                   call=SpectralCall(call.target, call.kwargs, call.defaults))


def _cost(own: CostFunction, columns: Columns) -> CostFunction:
    def cost(values: Values, inputs: tuple[Shape, ...], output: Shape, context: Context) -> Cost:
        bare = own(values, inputs, output, context)
        if not values["spectral_normalization"]:
            return bare
        return msgspec.structs.replace(bare, non_trainable=bare.non_trainable + columns(values, inputs))

    return cost


# PyTorch -----------------------------------------------------------------------------------------
# torch.nn.utils.parametrizations.spectral_norm divides whenever the weight is used, also in predictions: weights of Keras
# would give other answers there. Here, as in Keras, the kernel itself is divided at every step of a training.

HELPER: Final = Helper("SpectralNormalization", '''\
class SpectralNormalization(nn.Module):
    """Divides the layer's weight by its largest singular value at every step of a training."""

    def __init__(self, layer, columns, power_iterations=1):
        super().__init__()
        self.layer, self.power_iterations = layer, power_iterations
        self.register_buffer("vector_u", nn.init.trunc_normal_(torch.empty(1, columns), std=0.02, a=-0.04, b=0.04))

    def forward(self, x):
        if self.training:
            self.divide()
        return self.layer(x)

    @torch.no_grad()
    def divide(self):
        weight = next(each for name, each in self.layer.named_parameters() if name.endswith("weight"))
        u = self.vector_u
        if not weight.any():
            return
        matrix = weight.reshape(-1, u.shape[1], weight[0].numel()).transpose(0, 1).reshape(u.shape[1], -1).T
        for _ in range(self.power_iterations):
            v = nn.functional.normalize(u @ matrix.T)
            u = nn.functional.normalize(v @ matrix)
        weight /= v @ matrix @ u.T
        self.vector_u.copy_(u)
''')


def _torch(own: TorchForm | None, columns: Columns) -> TorchForm | None:
    if own is None or isinstance(own, NotInTorch):
        return own

    def write(site: Site) -> TorchCode:
        bare, values = own(site), site.values
        if not values["spectral_normalization"]:
            return bare
        iterations = values["power_iterations"]
        more = f", {columns(values, site.inputs)}" + ("" if iterations == 1 else f", {iterations}")

        def wrap(part: Part) -> Part:
            # Keras's wrapper holds the kernel as its own, then vector_u; the bias is the layer's.
            kernel, *others = (Weight(f"layer.{weight.key}", weight.layout, weight.role) for weight in part.weights)
            return msgspec.structs.replace(part, code=f"{HELPER.name}({part.code}{more})", helpers=(*part.helpers, HELPER),
                                           weights=(kernel, Weight("vector_u", role="moving"), *others))

        return msgspec.structs.replace(bare, parts=tuple(wrap(part) if part.weights else part for part in bare.parts))

    return write
