"""What a feature is called."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.data import Feature, Language

Features = Mapping[str, Feature]


def meaning(feature: str, features: Features, language: Language = "en") -> str:
    """What a feature is called in the catalogue, else its name."""
    known = features.get(feature)
    return known.meaning.get(language) or feature if known else feature
