"""Takes each report somewhere: metrics for Prometheus, annotations for Grafana."""
