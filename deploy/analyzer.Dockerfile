# The analyzer with its pinned dependencies, as a user without rights. Build from the repository's root.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/openmanager && /opt/openmanager/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
COPY analyzer analyzer
RUN /opt/openmanager/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
COPY --from=build /opt/openmanager /opt/openmanager
RUN install -d -o 65534 -g 65534 /data
USER 65534:65534
VOLUME /data
EXPOSE 9095
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s CMD ["/opt/openmanager/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9095/-/healthy', timeout=2)"]
ENTRYPOINT ["/opt/openmanager/bin/openmanager-analyzer"]
CMD ["serve"]
