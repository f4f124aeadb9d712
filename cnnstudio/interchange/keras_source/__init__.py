"""Networks out of Python source: Keras code read as text, by its syntax alone. Nothing of it is run or imported."""

from __future__ import annotations

from cnnstudio.interchange.keras_source.reader import SourceNetwork, read_code, read_file

__all__ = ["SourceNetwork", "read_code", "read_file"]
