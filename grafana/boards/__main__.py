"""Writes grafana/dashboards/*.json from the code beside this file; `--check` says which are stale, and writes none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.boards import BOARDS

FOLDER = Path(__file__).resolve().parent.parent / "dashboards"


def generated() -> dict[Path, str]:
    """Each dashboard's JSON, by its path."""
    return {
        FOLDER / f"{name}.json": json.dumps(board(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
        for name, board in BOARDS.items()
    }


def main() -> int:
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text}
    if "--check" in sys.argv:
        sys.stdout.writelines(f"{path.name} is stale: run make docs\n" for path in stale)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
