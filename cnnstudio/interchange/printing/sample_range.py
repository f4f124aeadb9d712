"""The sample range of a recipe as lines of a printed script: deep pictures become the same 8 bits as in the program."""

from __future__ import annotations

from cnnstudio.core.recipe import RecipeSpec


def sample_range_code(recipe: RecipeSpec) -> list[str]:
    """Lines that make uint8 of `picture`, read with IMREAD_ANYDEPTH; empty for the range of the type, which `imdecode`
    gives by itself."""
    if recipe.sample_range == "type":
        return []
    scaled = ["    samples = np.nan_to_num(picture.astype(np.float64), nan=low, posinf=high, neginf=low)",
              "    scaled = (samples - low) * (255 / max(high - low, 1e-12))",
              "    picture = np.floor(np.clip(scaled, 0, 255) + 0.5).astype(np.uint8)"]
    return ["if picture.dtype != np.uint8:  # more than 8 bits: what is black and what is white", *(
        f"    {line}" for line in _limits(recipe)), *scaled]


def _limits(recipe: RecipeSpec) -> list[str]:
    if recipe.sample_range == "bits":
        return [f"low, high = 0, {2 ** recipe.significant_bits - 1}  # {recipe.significant_bits} significant bits"]
    if recipe.sample_range == "picture":
        return ["grey = (picture == picture[..., :1]).all()",
                "samples = picture[..., 0] if grey else picture",
                "samples = samples[np.isfinite(samples)]",
                f"low, high = np.percentile(samples, ({recipe.low_percentile}, {recipe.high_percentile}))",
                "if not high > low:", "    low, high = samples.min(), samples.max()"]
    measured = "  # measured on the training pictures" if recipe.sample_range == "collection" else ""
    return [f"low, high = {recipe.sample_low}, {recipe.sample_high}{measured}"]
