"""Dotted names of libraries, and names compared without regard to their spelling."""

from __future__ import annotations


def path_parts(path: str) -> tuple[str, str, str]:
    """(library, part of it, last name) of a dotted name: ("keras", "layers", "Conv2D")."""
    parts = path.split(".")
    return parts[0], parts[1] if len(parts) > 2 else "", parts[-1]


def normalized_name(name: str) -> str:
    """Lower-case letters and digits only: HeNormal, he_normal and HE_NORMAL are equal."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
