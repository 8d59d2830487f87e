"""Debian's Alertmanager as a peer, unpacked without root."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import tool
from tests.processes import Program, running

INSTALLED = b"/usr/share/prometheus/alertmanager"
NOWHERE = "route: {receiver: none}\nreceivers: [{name: none}]\n"


@contextmanager
def alertmanager(folder: Path, port: int, config: str = NOWHERE) -> Iterator[Program]:
    """Its state stays in `folder`, so a restart finds it."""
    file = folder / "alertmanager.yml"
    file.write_text(config, encoding="utf-8")
    command: list[str | Path] = [
        unrooted(folder),
        f"--config.file={file}",
        f"--storage.path={folder / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running("alertmanager", command, port, "/-/ready", folder, cwd=folder) as program:
        yield program


def unrooted(folder: Path) -> Path:
    """Debian's program reads its templates from /usr/share, where only root can put them: this copy reads them here."""
    original = tool("prometheus-alertmanager")
    templates = original.parents[1] / "share/prometheus/alertmanager"
    if Path(INSTALLED.decode()).exists():
        return original
    copy = folder / original.name
    copy.write_bytes(original.read_bytes().replace(INSTALLED, b"./" * (len(INSTALLED) // 2)))
    copy.chmod(0o755)
    for template in templates.glob("*.tmpl"):
        shutil.copy(template, folder)
    return copy
