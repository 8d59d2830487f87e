# The exporter: only what it needs, as a user without rights. Build from the repository's root.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
COPY analyzer/__init__.py analyzer/__init__.py
RUN python -m venv /opt/openmanager && /opt/openmanager/bin/pip install --no-cache-dir .

FROM python:3.11.14-slim-bookworm
COPY --from=build /opt/openmanager /opt/openmanager
USER 65534:65534
EXPOSE 9100
HEALTHCHECK --interval=15s --timeout=3s CMD ["/opt/openmanager/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9100/-/healthy', timeout=2)"]
ENTRYPOINT ["/opt/openmanager/bin/openmanager-exporter"]
