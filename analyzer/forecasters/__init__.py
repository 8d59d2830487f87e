"""Where features are heading. `FORECASTERS` is the only list of what can tell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.forecasters.linear import LinearForecaster
from analyzer.interfaces import Forecaster

FORECASTERS: Mapping[str, type[Forecaster]] = MappingProxyType({"linear": LinearForecaster})
