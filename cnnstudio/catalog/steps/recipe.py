"""Deterministic steps after the resize. Names and meanings of parameters are OpenCV's."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.steps.entry import StepType
from cnnstudio.core.params import Float, Int
from cnnstudio.core.text import Text

STEPS: Final = (
    StepType(id="equalize", label=Text("Equalize histogram", "Ecualizar histograma"),
             help=Text("Spreads the brightness over the whole range (colour pictures: the lightness only).",
                       "Reparte el brillo por todo el rango (en color: solo la luminosidad).")),
    StepType(id="clahe", label=Text("Local equalization (CLAHE)", "Ecualización local (CLAHE)"),
             help=Text("Equalizes tile by tile, with a limit on contrast.",
                       "Ecualiza por baldosas, con un límite de contraste."),
             params=(
                 Float(name="clip_limit", default=2.0, minimum=0, above=True, maximum=40, step=0.5, decimals=2,
                       label=Text("Contrast limit", "Límite de contraste"),
                       help=Text("Higher keeps more contrast.", "Más alto conserva más contraste.")),
                 Int(name="tile_grid_size", default=8, minimum=1, maximum=64, label=Text("Tiles", "Baldosas"),
                     help=Text("Tiles across and down.", "Baldosas a lo ancho y a lo alto.")))),
    StepType(id="gaussian_blur", label=Text("Gaussian blur", "Desenfoque gaussiano"),
             help=Text("Smooths away fine noise.", "Suaviza el ruido fino."),
             params=(
                 Int(name="kernel_size", default=3, minimum=1, maximum=99, step=2, odd=True, label=Text("Kernel", "Núcleo"),
                     help=Text("Side of the window in pixels; odd.", "Lado de la ventana en píxeles; impar.")),
                 Float(name="sigma", default=0.0, minimum=0, maximum=50, step=0.1, decimals=2,
                       label=Text("Sigma", "Sigma"),
                       help=Text("Width of the bell in pixels; 0 follows the kernel.",
                                 "Anchura de la campana en píxeles; 0 sigue al núcleo.")))),
    StepType(id="median_blur", label=Text("Median blur", "Desenfoque de mediana"),
             help=Text("Removes single wrong pixels and keeps edges.",
                       "Quita píxeles sueltos erróneos y conserva los bordes."),
             params=(
                 Int(name="kernel_size", default=3, minimum=1, maximum=99, step=2, odd=True, label=Text("Kernel", "Núcleo"),
                     help=Text("Side of the window in pixels; odd.", "Lado de la ventana en píxeles; impar.")),)),
    StepType(id="bilateral_filter", label=Text("Bilateral filter", "Filtro bilateral"),
             help=Text("Smooths areas and keeps edges sharp.", "Suaviza las zonas y conserva los bordes nítidos."),
             params=(
                 Int(name="diameter", default=5, minimum=1, maximum=31, label=Text("Diameter", "Diámetro"),
                     help=Text("Width of the neighbourhood in pixels; large ones are slow.",
                               "Anchura del vecindario en píxeles; los grandes son lentos.")),
                 Float(name="sigma_color", default=50.0, minimum=0, above=True, maximum=500, step=5, decimals=1,
                       label=Text("Sigma of colour", "Sigma de color"),
                       help=Text("How different values may be and still be averaged.",
                                 "Cuánto pueden diferir los valores y aun así promediarse.")),
                 Float(name="sigma_space", default=50.0, minimum=0, above=True, maximum=500, step=5, decimals=1,
                       label=Text("Sigma of distance", "Sigma de distancia"),
                       help=Text("How far neighbours count, in pixels.", "Hasta dónde cuentan los vecinos, en píxeles.")))),
    StepType(id="canny", label=Text("Canny edges", "Bordes de Canny"),
             help=Text("Leaves only the edges, white on black.", "Deja solo los bordes, blancos sobre negro."),
             params=(
                 Float(name="threshold1", default=100.0, minimum=0, maximum=1000, step=10, decimals=0,
                       label=Text("Lower threshold", "Umbral inferior"),
                       help=Text("Weaker edges count only beside strong ones.",
                                 "Los bordes más débiles solo cuentan junto a los fuertes.")),
                 Float(name="threshold2", default=200.0, minimum=0, maximum=1000, step=10, decimals=0,
                       label=Text("Upper threshold", "Umbral superior"),
                       help=Text("Edges above it always count.", "Los bordes por encima siempre cuentan.")))),
)
