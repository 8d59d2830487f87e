"""Why a finding is not told as JSON text and back; empty text for one that is."""

from __future__ import annotations

from dataclasses import asdict

import orjson

from analyzer.data import Quiet


def quiet_to_json(quiet: Quiet | None) -> str:
    return orjson.dumps(asdict(quiet)).decode() if quiet else ""


def quiet_from_json(text: str) -> Quiet | None:
    return Quiet(**orjson.loads(text)) if text else None
