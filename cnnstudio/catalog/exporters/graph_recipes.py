"""Which recipes an ONNX graph can carry out by itself."""

from __future__ import annotations

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text


def recipe_problems(recipe: RecipeSpec) -> list[Problem]:
    """The parts of a recipe that the graph cannot carry out."""
    parts = []
    if any(step.enabled for step in recipe.steps):
        parts.append(Text("its steps", "sus pasos"))
    if recipe.color_mode == "rgba":
        parts.append(Text("transparency", "la transparencia"))
    if recipe.sample_range != "type":
        parts.append(Text("its sample range", "su rango de muestras"))
    if recipe.crop != "none":
        parts.append(Text("its crop", "su recorte"))
    if recipe.fit == "pad":
        parts.append(Text("the border around the picture", "el borde alrededor de la imagen"))
    text = Text("The recipe cannot be put into an ONNX graph: {part} has no form there. Choose “ONNX”, and prepare the "
                "pictures as its example does.",
                "La receta no se puede poner en un grafo de ONNX: {part} no tiene forma allí. Elija «ONNX» y prepare las "
                "imágenes como hace su ejemplo.")
    return [error("recipe_not_in_graph", text.fill(part=part), "project", field="format") for part in parts]
