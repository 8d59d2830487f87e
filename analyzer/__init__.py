"""The analyzer: reads hosts' metrics from Prometheus, judges them, and writes what it learned back."""
