"""The analyzer's command line: what to do, and with which settings. Exit codes: 0 done, 1 failed, 2 wrong settings."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Sequence

from analyzer.errors import AnalyzerError, SettingsError
from analyzer.settings import add_flags, given_flags, load_settings
from analyzer.settings_tree import Settings

FAILED = 1
WRONG_SETTINGS = 2
THREADS_SECONDS = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a bug's traceback reaches the terminal and exits with 1."""
    given = _parser().parse_args(arguments)
    try:
        settings = load_settings(given_flags(given), os.environ)
    except SettingsError as error:
        print("wrong settings:", *(f"  {problem}" for problem in error.problems), sep="\n", file=sys.stderr)  # noqa: T201 - the command's output
        return WRONG_SETTINGS
    logging.basicConfig(
        level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        return int(given.command(settings))
    except AnalyzerError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's output
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openmanager-analyzer", description="Finds what is abnormal on hosts, what caused it and what runs out."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, text in (
        ("serve", _serve, "watch the hosts and publish what is found, until SIGTERM or Ctrl-C"),
        ("check-config", _check_config, "say what is wrong with the settings, and do nothing else"),
    ):
        added = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        add_flags(added)
        added.set_defaults(command=command)
    return parser


def _serve(settings: Settings) -> int:
    from analyzer.app import serve  # noqa: PLC0415 - the models cost a second to import; check-config needs none

    asyncio.run(_to_the_end(serve(settings)))
    return 0


async def _to_the_end(work: Awaitable[None]) -> None:
    """Wait for the work, then a little for its threads.

    Arithmetic in a thread can't be cancelled, and nothing waits for its result any more. All that must last is closed
    by then, so the process may end with it still running.
    """
    await work
    executor = asyncio.create_task(asyncio.get_running_loop().shutdown_default_executor())
    done, _ = await asyncio.wait({executor}, timeout=THREADS_SECONDS)
    if not done:
        logging.shutdown()
        os._exit(0)


def _check_config(_settings: Settings) -> int:
    from analyzer.app import check  # noqa: PLC0415 - only this command reads the user's features

    check(_settings)
    print("the settings are right")  # noqa: T201 - the command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
