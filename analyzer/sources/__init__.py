"""Where hosts' features come from: Prometheus, exporters scraped directly, and the chain of both."""
