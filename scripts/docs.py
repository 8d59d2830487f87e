"""Writes the parts of the manual that the code already says: docs/settings.md. `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from analyzer.settings import SECRETS, settings_table

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = """# Settings of the analyzer

Every setting has a default: an empty file, or none, works. A key is written three ways:

- as a flag: `--prometheus.url=http://prometheus:9090`
- in the YAML file named by `--config.file`:

  ```yaml
  prometheus:
    url: http://prometheus:9090
  ```

- secrets also in the environment (last column); they are no flags, so that no list of processes shows them.

Flags win over the environment, the environment over the file. Durations are written like 15s, 1h30m or 7d.
`openmanager-analyzer check-config --config.file=FILE` names every wrong key at once, with the nearest right one.

| key | default | what it does | environment |
| --- | --- | --- | --- |
"""


def generated() -> dict[Path, str]:
    """The text of each generated page, by its path."""
    environment = {key: name for name, key in SECRETS.items()}
    rows = [
        f"| `{key}` | `{default}` | {text} | {environment.get(key, '')} |\n" for key, default, text in settings_table()
    ]
    return {ROOT / "docs/settings.md": SETTINGS + "".join(rows)}


def main() -> int:
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        print("\n".join(f"{path.relative_to(ROOT)} is stale: run make docs" for path in stale))
        return 1 if stale else 0
    for path in stale:
        path.write_text(generated()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
