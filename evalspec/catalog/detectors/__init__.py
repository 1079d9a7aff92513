"""Detectors of personal data and secrets; each returns the spans it is sure of, and nothing else."""

from __future__ import annotations

from evalspec.catalog.detectors import (
    address,
    api_key,
    card,
    email,
    iban,
    ip,
    name,
    national_id,
    password,
    phone,
    url_credentials,
)

__all__ = [
    "address",
    "api_key",
    "card",
    "email",
    "iban",
    "ip",
    "name",
    "national_id",
    "password",
    "phone",
    "url_credentials",
]
