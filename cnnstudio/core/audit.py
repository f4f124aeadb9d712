"""Thresholds of the audit: what counts as blurred, dark, too alike."""

from __future__ import annotations

import msgspec


class AuditSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of the findings; the defaults were measured on photos and digits."""

    flips: bool = False
