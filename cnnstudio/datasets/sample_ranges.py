"""Pictures of more than 8 bits in a collection: which samples they have, and what range shows them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Area, Fix, Problem, error, warning
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.imaging.prepare import sample_range_of
from cnnstudio.imaging.sample_range import SampleRange, StoredSamples, levels_as_read, type_bits

_USUAL_BITS: Final = (8, 10, 12, 14, 16, 20, 24, 32)
_ENOUGH: Final = 64.0
"""Of 255 steps from black to white that a collection uses; with fewer the range is too wide."""


class SampleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The usable pictures of one type of samples ("uint16"), with the least and the greatest sample of all.

    `damaged` of them, `example` being one, hold `not_numbers` samples that are not numbers or infinite.
    """

    type: str
    pictures: int
    low: float
    high: float
    damaged: int = 0
    not_numbers: int = 0
    example: str = ""

    @property
    def samples(self) -> StoredSamples:
        return StoredSamples(self.type, self.low, self.high)


def sample_groups(index: Index) -> tuple[SampleGroup, ...]:
    """The deep pictures of the collection by the type of their samples, most first; empty for ordinary pictures."""
    rows = index.rows("SELECT s.type, COUNT(*), MIN(s.low), MAX(s.high), SUM(s.not_numbers > 0), SUM(s.not_numbers),"
                      " COALESCE(MIN(CASE WHEN s.not_numbers THEN p.path END), '')"
                      " FROM samples s CROSS JOIN pictures p ON p.id = s.picture"
                      " WHERE NOT p.excluded AND p.problem IS NULL GROUP BY s.type ORDER BY COUNT(*) DESC, s.type")
    return tuple(SampleGroup(type=row[0], pictures=row[1], low=row[2], high=row[3], damaged=row[4], not_numbers=row[5],
                             example=row[6]) for row in rows)


def suggest_range(groups: tuple[SampleGroup, ...]) -> dict[str, Any]:
    """The fields of the recipe that show these pictures best; empty where the type's full range does."""
    if all(levels_as_read(group.samples, SampleRange()) >= _ENOUGH for group in groups):
        return {}
    if all(group.type.startswith("uint") for group in groups):
        bits_needed = max(significant_bits(group) or 0 for group in groups)
        wanted = SampleRange("bits", bits=bits_needed)
        if all(levels_as_read(group.samples, wanted) >= _ENOUGH for group in groups):
            return {"sample_range": "bits", "significant_bits": bits_needed}
    return {"sample_range": "collection"}


def significant_bits(group: SampleGroup) -> int | None:
    """The usual number of bits (10, 12, 14 and so on) that holds the greatest sample; None for other than unsigned
    integers."""
    if not group.type.startswith("uint"):
        return None
    needed = int(group.high).bit_length()
    return min(next((bits for bits in _USUAL_BITS if bits >= needed), 32), type_bits(group.type))


def describe(group: SampleGroup) -> Text:
    """What the files hold, such as "12 significant bits in 16, numbers from 310 to 3,920"."""
    bits = significant_bits(group)
    numbers = {"low": _number(group.low), "high": _number(group.high)}
    if bits is not None and bits < type_bits(group.type):
        return Text("{bits} significant bits in {all}, values from {low} to {high}",
                    "{bits} bits significativos en {all}, valores de {low} a {high}").fill(
                        bits=bits, all=type_bits(group.type), **numbers)
    return Text("{type}, values from {low} to {high}", "{type}, valores de {low} a {high}").fill(type=group.type, **numbers)


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else float(f"{value:.4g}")


def chosen_range_notice(groups: tuple[SampleGroup, ...], recipe: RecipeSpec) -> tuple[Problem, ...]:
    """What was chosen for the deep pictures of a new project, as an info."""
    if not groups or recipe.sample_range == "type":
        return ()
    numbers = {"n": sum(group.pictures for group in groups), "samples": describe(groups[0])}
    if recipe.sample_range == "bits":
        text = Text("Pictures with samples other than 0 to 255: {n} ({samples}). Therefore {white} is read as white "
                    "(recipe.sample_range=bits).",
                    "Imágenes con muestras que no van de 0 a 255: {n} ({samples}). Por eso {white} se lee como blanco "
                    "(recipe.sample_range=bits).")
        numbers["white"] = 2 ** recipe.significant_bits - 1
    else:
        text = Text("Pictures with samples other than 0 to 255: {n} ({samples}). Therefore {black} is read as black and "
                    "{white} as white, as measured on the training pictures (recipe.sample_range=collection).",
                    "Imágenes con muestras que no van de 0 a 255: {n} ({samples}). Por eso {black} se lee como negro y "
                    "{white} como blanco, según se midió en las imágenes de entrenamiento (recipe.sample_range=collection).")
        numbers |= {"black": _number(recipe.sample_low), "white": _number(recipe.sample_high)}
    notice = warning("sample_range_chosen", text.fill(**numbers), "recipe", field="sample_range")
    return (msgspec.structs.replace(notice, severity="info"),)


def not_numbers_problem(pictures: int, samples: int, example: str, area: Area = "dataset") -> Problem:
    """That pictures hold samples of floating point without a value, and what they are taken for."""
    text = Text("{path} contains samples that are not numbers (NaN) or infinite: {samples}. NaN and −∞ are read as black, +∞ "
                "as white.",
                "{path} contiene muestras que no son números (NaN) o son infinitas: {samples}. NaN y −∞ se leen como negro y "
                "+∞ como blanco.") if pictures == 1 else Text(
        "{n} pictures contain samples that are not numbers (NaN) or infinite ({samples} in all), for example {path}. NaN and "
        "−∞ are read as black, +∞ as white.",
        "{n} imágenes contienen muestras que no son números (NaN) o son infinitas ({samples} en total), por ejemplo {path}. "
        "NaN y −∞ se leen como negro y +∞ como blanco.")
    problem = warning("not_numbers", text.fill(n=pictures, samples=samples, path=example), area)
    return msgspec.structs.replace(problem, facts={"not_numbers": {"pictures": pictures, "samples": samples,
                                                                   "example": example}})


def sample_range_problems(groups: tuple[SampleGroup, ...], recipe: RecipeSpec) -> tuple[Problem, ...]:
    """An error where the recipe cannot read deep pictures, a warning where it leaves them nearly one grey or where their
    samples are not numbers."""
    problems = [not_numbers_problem(group.damaged, group.not_numbers, group.example) for group in groups if group.damaged]
    if recipe.sample_range == "collection" and not recipe.samples_measured:
        return tuple(problems)  # the check of the recipe says so
    wanted = sample_range_of(recipe.as_dictionary())
    for group in groups:
        levels = levels_as_read(group.samples, wanted)
        if levels >= _ENOUGH:
            continue
        values = suggest_range(groups) or {"sample_range": "collection"}
        label = Text("Use {bits} significant bits", "Usar {bits} bits significativos").fill(
            bits=values["significant_bits"]) if "significant_bits" in values else Text(
                "Use the range of the training pictures", "Usar el rango de las imágenes de entrenamiento")
        fix = Fix(action="set_fields", label=label, arguments={"spec": "recipe", "values": values})
        numbers = {"n": group.pictures, "samples": describe(group)}
        if levels == 0 and group.high > group.low:
            text = Text("Pictures in which nothing is visible with this range from black to white: {n} ({samples}).",
                        "Imágenes en las que no se ve nada con este rango de negro a blanco: {n} ({samples}).")
            problems.append(error("unreadable_range", text.fill(**numbers), "recipe", field="sample_range", fixes=(fix,)))
            continue
        text = Text("Pictures that are almost a single grey with this recipe, {levels} of 256 levels: {n} ({samples}).",
                    "Imágenes que con esta receta son casi de un solo gris, {levels} de 256 niveles: {n} ({samples}).")
        problems.append(warning("narrow_range", text.fill(**numbers, levels=int(levels) + 1), "recipe",
                                field="sample_range", fixes=(fix,)))
    return tuple(problems)
