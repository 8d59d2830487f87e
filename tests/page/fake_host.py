"""A host that does as it is told: real HTTP, metrics of node_exporter's kind, and text that would be markup if let."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


@dataclass
class FakeHost:
    """`busy` is its CPU in use, 0 to 1; change it and the next scrape tells."""

    busy: float = 0.99
    seconds: float = 1000.0
    seen: float = field(default_factory=time.monotonic)

    def metrics(self) -> str:
        now = time.monotonic()
        idle = 1 - self.busy
        self.seconds += idle * (now - self.seen)
        self.seen = now
        name = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            [
                f'node_uname_info{{nodename="{name}",sysname="Linux",machine="x",release="r",version="v"}} 1',
                f"node_time_seconds {time.time()}",
                f'node_cpu_seconds_total{{cpu="0",mode="idle"}} {self.seconds}',
                f'node_cpu_seconds_total{{cpu="0",mode="user"}} {now - self.seconds}',
                "node_memory_MemTotal_bytes 8e9",
                "node_memory_MemAvailable_bytes 4e9",
                f'namedprocess_namegroup_cpu_seconds_total{{groupname="{name}",mode="user"}} {now}',
                f'namedprocess_namegroup_memory_bytes{{groupname="{name}",memtype="resident"}} 123456789',
                f'namedprocess_namegroup_num_procs{{groupname="{name}"}} 2',
                'node_systemd_unit_state{name="backup.service",state="failed",type="oneshot"} 1',
                f'node_systemd_unit_state{{name="{name}.service",state="active",type="simple"}} 1',
                "",
            ]
        )

    def logs(self) -> str:
        template = {
            "last": "2026-11-22T14:02:00Z",
            "source": "kernel",
            "severity": "error",
            "template": HOSTILE,
            "count": 3,
        }
        return json.dumps({"data": {"lines": [], "templates": [template]}})


@contextmanager
def answering(host: FakeHost, port: int) -> Iterator[FakeHost]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            logs = self.path.startswith("/api/v1/logs")
            body = (host.logs() if logs else host.metrics()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if logs else "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Answers)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
