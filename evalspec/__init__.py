"""evalspec compiles a YAML spec into a locked, provenance-tagged evaluation set and a mix report."""

from __future__ import annotations

__version__ = "0.1.0"
