"""stub"""
from typing import Any


def read(*_a: Any) -> Any: ...
