"""The exporter: a host in, /metrics out. Imports no pandas and no scikit-learn."""

__version__ = "0.1.0"
