"""The analyzer's command line: what to do, and with which settings. Exit codes: 0 done, 1 failed, 2 wrong settings."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

from analyzer.errors import AnalyzerError, SettingsError
from analyzer.lean import hold_little, keep_for_good, one_thread_each, unimported
from analyzer.settings import add_flags, given_flags, load_settings
from analyzer.settings_tree import Settings

FAILED = 1
WRONG_SETTINGS = 2
THREADS_SECONDS = 1.0

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a bug's traceback reaches the terminal and exits with 1."""
    given = _parser().parse_args(arguments)
    try:
        settings = load_settings(given_flags(given), os.environ)
        logging.basicConfig(
            level=settings.log.level.upper() if given.talks else "ERROR",
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        return int(given.command(settings, given))
    except SettingsError as error:
        print("wrong settings:", *(f"  {problem}" for problem in error.problems), sep="\n", file=sys.stderr)  # noqa: T201 - the command's output
        return WRONG_SETTINGS
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AnalyzerError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's output
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openmanager-analyzer", description="Finds what is abnormal on hosts, what caused it and what runs out."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "serve", _serve, "watch the hosts and publish what is found, until SIGTERM or Ctrl-C", talks=True)
    _add(commands, "check-config", _check_config, "say what is wrong with the settings, and do nothing else")
    once = _add(commands, "once", _late("once"), "learn, look at the hosts once, and print it")
    once.add_argument("--host", default="", help="this host in full, by instance or nodename")
    once.add_argument("--lang", choices=("en", "ko"), default="en", help="language of what is printed (default: en)")
    ask = _add(commands, "ask", _late("ask"), "answer a question, in English or Korean")
    ask.add_argument("question", help='such as "what is abnormal?" or "디스크 언제 꽉 차?"')
    ask.add_argument("--host", default="", help="the host that is meant when the question names none")
    report = _add(commands, "report", _late("report"), "print a report on all hosts")
    report.add_argument("--lang", choices=("en", "ko"), default="en", help="language of the report (default: en)")
    report.add_argument("--window", default="24h", metavar="DURATION", help="how far back it looks (default: 24h)")
    report.add_argument("--format", choices=("md", "html", "json"), default="md", help="its form (default: md)")
    _add(commands, "notify-test", _late("notify_test"), "send one message to every channel of notify.urls")
    understand = _add(commands, "understand", _late("understand"), "say how questions of a file are understood")
    understand.add_argument("--hosts", default="", metavar="HOST,…", help="the hosts that questions may name")
    understand.add_argument("--tsv", required=True, metavar="FILE", help="tab-separated, with a column named question")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: Command,
    text: str,
    *,
    talks: bool = False,
) -> argparse.ArgumentParser:
    """`talks`: the log is part of what the command is for."""
    added = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    add_flags(added)
    added.set_defaults(command=command, talks=talks)
    return added


def _late(name: str) -> Command:
    """The command of that name; what it needs is imported when it runs, not for every --help."""

    def run(settings: Settings, given: argparse.Namespace) -> int:
        from analyzer import commands  # noqa: PLC0415 - the models cost a second to import

        return int(getattr(commands, name)(settings, given))

    return run


def _serve(settings: Settings, _given: argparse.Namespace) -> int:
    hold_little()
    one_thread_each()
    with unimported("pandas"):
        from analyzer.app import serve  # noqa: PLC0415 - the models cost a second to import
    keep_for_good()
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


def _check_config(settings: Settings, _given: argparse.Namespace) -> int:
    from analyzer.app import check  # noqa: PLC0415 - only this command needs nothing else of it

    check(settings)
    print("the settings are right")  # noqa: T201 - the command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
