"""Loss surfaces over two weights, each with its gradient, as Python source that is run here and printed for the user."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

Point = tuple[float, float]
NOISE_SEED: Final = 20


class Surface:
    """A function of x and y. `source` defines `loss(x, y)` and `gradient(x, y, step)`, which also take arrays for x and y.

    `low` and `high` are the corners of what is drawn, `minima` the known best points, `rates` a learning rate for plain
    gradient descent that is too small, right and too large. `stride` multiplies the rates of rules that divide by the size of
    the gradient: more where the way is long. `needs` are the libraries of `source` besides NumPy.
    """

    def __init__(self, identifier: str, title: Text, help: Text, source: str, low: Point, high: Point, start: Point,
                 minima: tuple[Point, ...], rates: tuple[float, float, float], stride: float = 1.0,
                 needs: tuple[str, ...] = ()) -> None:
        self.id, self.title, self.help, self.source = identifier, title, help, source
        self.low, self.high, self.start, self.minima, self.rates = low, high, start, minima, rates
        self.stride, self.needs = stride, needs

    @cached_property
    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = {"np": np}
        exec(self.source, names)  # our own text
        return names

    def loss(self, x: Any, y: Any) -> Any:
        """The height, of points or arrays of them."""
        return self._names["loss"](x, y)

    def gradient(self, x: float, y: float, step: int) -> np.ndarray:
        """The gradient (2,) that step number `step`, from 0, follows."""
        function: Callable[[float, float, int], Any] = self._names["gradient"]
        return np.asarray(function(x, y, step), np.float64)


BOWL: Final = Surface(
    "bowl", Text("Bowl", "Cuenco"),
    Text("The simplest case: one minimum, the same curvature in all directions but a little steeper in y.",
         "El caso más sencillo: un mínimo y casi la misma curvatura en todas las direcciones, algo mayor en y."),
    """\
def loss(x, y):
    return 0.5 * x ** 2 + y ** 2


def gradient(x, y, step):
    return np.array([x, 2 * y])
""", (-4, -3), (4, 3), (-3.4, 2.3), ((0, 0),), (0.01, 0.3, 1.02))

VALLEY: Final = Surface(
    "valley", Text("Narrow valley", "Valle estrecho"),
    Text("Fifty times steeper across than along: the rate that the walls allow is slow along the floor. Here momentum helps.",
         "Cincuenta veces más empinado a lo ancho que a lo largo: la tasa que admiten las paredes es lenta en el fondo. Aquí "
         "ayuda el momento."),
    """\
def loss(x, y):
    return 0.1 * x ** 2 + 5 * y ** 2


def gradient(x, y, step):
    return np.array([0.2 * x, 10 * y])
""", (-4, -1.5), (4, 1.5), (-3.6, 1.1), ((0, 0),), (0.01, 0.17, 0.202))

ROSENBROCK: Final = Surface(
    "rosenbrock", Text("Bent valley (Rosenbrock)", "Valle curvo (Rosenbrock)"),
    Text("The valley is found quickly; its flat, bent floor to the minimum at (1, 1) is what takes long (Rosenbrock, 1960).",
         "El valle se encuentra enseguida; lo lento es recorrer su fondo, llano y curvo, hasta el mínimo en (1, 1) "
         "(Rosenbrock, 1960)."),
    """\
def loss(x, y):
    return (1 - x) ** 2 + 20 * (y - x ** 2) ** 2


def gradient(x, y, step):
    return np.array([-2 * (1 - x) - 80 * x * (y - x ** 2), 40 * (y - x ** 2)])
""", (-2, -1), (2, 3), (-1.5, 2.4), ((1, 1),), (0.0005, 0.004, 0.03), 3.0)

SADDLE: Final = Surface(
    "saddle", Text("Saddle", "Silla de montar"),
    Text("At (0, 0) the gradient is zero and yet there is no minimum: it goes down on both sides. Adaptive methods leave it "
         "sooner.",
         "En (0, 0) el gradiente es cero y no hay mínimo: se baja por ambos lados. Los métodos adaptativos salen antes de "
         "ahí."),
    """\
def loss(x, y):
    return 0.5 * x ** 2 - 0.5 * y ** 2 + 0.05 * y ** 4


def gradient(x, y, step):
    return np.array([x, -y + 0.2 * y ** 3])
""", (-3, -3.5), (3, 3.5), (-2.6, 0.02), ((0, 5 ** 0.5), (0, -(5 ** 0.5))), (0.01, 0.2, 2.02))

BEALE: Final = Surface(
    "beale", Text("Plateau and cliffs (Beale)", "Meseta y acantilados (Beale)"),
    Text("Almost flat in the middle and very steep at the corners; the minimum is at (3, 0.5) (Beale, 1958).",
         "Casi llana en el centro y muy empinada en las esquinas; el mínimo está en (3; 0,5) (Beale, 1958)."),
    """\
def loss(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y ** 2) ** 2 + (2.625 - x + x * y ** 3) ** 2


def gradient(x, y, step):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y ** 2, 2.625 - x + x * y ** 3
    return np.array([2 * a * (y - 1) + 2 * b * (y ** 2 - 1) + 2 * c * (y ** 3 - 1),
                     2 * a * x + 4 * b * x * y + 6 * c * x * y ** 2])
""", (-1, -1.5), (4.5, 1.5), (0.6, 1.2), ((3, 0.5),), (0.0005, 0.01, 0.12))

HIMMELBLAU: Final = Surface(
    "himmelblau", Text("Four minima (Himmelblau)", "Cuatro mínimos (Himmelblau)"),
    Text("Four minima of the same depth: where it ends depends on the start and on the optimizer (Himmelblau, 1972).",
         "Cuatro mínimos igual de profundos: dónde se acaba depende del punto de partida y del optimizador (Himmelblau, "
         "1972)."),
    """\
def loss(x, y):
    return (x ** 2 + y - 11) ** 2 + (x + y ** 2 - 7) ** 2


def gradient(x, y, step):
    a, b = x ** 2 + y - 11, x + y ** 2 - 7
    return np.array([4 * a * x + 2 * b, 2 * a + 4 * b * y])
""", (-5, -5), (5, 5), (-0.5, -0.3), ((3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)),
    (0.0005, 0.01, 0.045))

NOISY: Final = Surface(
    "noisy", Text("Noisy gradient", "Gradiente con ruido"),
    Text("The bowl as a batch sees it: every step follows a gradient with noise. A constant rate never settles; a decreasing "
         "one does.",
         "El cuenco tal como lo ve un lote: cada paso sigue un gradiente con ruido. Con una tasa constante nunca se detiene; "
         "con una decreciente, sí."),
    f"""\
def loss(x, y):
    return 0.5 * x ** 2 + y ** 2


def gradient(x, y, step):
    noise = np.random.default_rng([{NOISE_SEED}, step]).normal(0, 1.5, 2)
    return np.array([x, 2 * y]) + noise
""", (-4, -3), (4, 3), (-3.4, 2.3), ((0, 0),), (0.005, 0.1, 0.95))

SURFACES: Final[Registry[Surface]] = Registry("surface", (BOWL, VALLEY, ROSENBROCK, SADDLE, BEALE, HIMMELBLAU, NOISY))
