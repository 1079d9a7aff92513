"""An audit as JSON data: every figure with its n, p and unit, and how each file was read."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.model.audit import Audit, AuditFile, Finding
from evalspec.stages.report import significant

VERSION = 1


def numbers(audit: Audit) -> dict[str, object]:
    """Return everything that an audit found; numbers are rounded to six significant digits."""
    return {
        "audit": VERSION,
        "files": {
            name: _file(one)
            for name, one in (
                ("set", audit.file),
                ("seeds", audit.seeds),
                ("training", audit.training),
                ("known", audit.known),
            )
            if one is not None
        },
        "beside": {"what": audit.beside, "measured": audit.beside_size} if audit.beside else None,
        "pools": [
            {"pool": one.name, "origin": one.origin, "cases": len(one.rows), "measured": one.measured}
            for one in audit.pools
        ],
        "findings": [_finding(one) for one in audit.findings],
        "actions": [{"finding": one.finding, "do": one.words, "figure": one.figure} for one in audit.actions],
        "open": list(audit.open),
        "measures": [
            {
                "measure": one.measure,
                "version": one.version,
                "space": one.space,
                "pool": one.slice,
                "value": significant(one.value),
                "real": significant(one.baseline),
                "unit": one.unit,
                "n": one.n,
                "n_real": one.baseline_n,
                "p": significant(one.p),
                "interval": None if one.interval is None else [significant(end) for end in one.interval],
                "note": one.note,
                "detail": _rounded(one.detail),
            }
            for one in audit.measurements
        ],
    }


def _file(file: AuditFile) -> dict[str, object]:
    fields = file.fields
    return {
        "name": file.name,
        "form": file.form,
        "rows": len(file.rows),
        "refused": file.refused,
        "blank": file.blank,
        "repeats": file.repeats,
        "cut": file.cut,
        "whole": not file.unread,
        "fields": {
            "text": fields.text,
            "chats": fields.is_chat,
            "label": fields.label,
            "origin": fields.origin,
            "verified": fields.verified,
            "choices": fields.choices or (list(fields.spread) or None),
            "id": fields.id,
            "parent": fields.parent,
            "context": list(fields.context),
            "told": list(fields.told),
        },
    }


def _finding(one: Finding) -> dict[str, object]:
    return {
        "finding": one.key,
        "section": one.section,
        "title": one.title,
        "status": one.status,
        "words": one.words,
        "cells": dict(one.cells),
        "unit": one.unit,
        "n": one.n,
        "p": significant(one.p),
        "figures": _rounded(one.figures),
    }


def _rounded(data: object) -> object:
    if isinstance(data, Mapping):
        return {str(name): _rounded(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_rounded(one) for one in data]
    return significant(data) if isinstance(data, float) else data
