"""Plain log files through whatever happens to log files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporter.collectors.logs_files import MOST_BEHIND, FileSource, Place


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("history\n")
    return path


def follow(*patterns: Path, positions: dict[str, Place] | None = None) -> FileSource:
    source = FileSource(tuple(map(str, patterns)), positions or {}, clock=lambda: 5.0)
    read(source)
    return source


def read(source: FileSource) -> list[str]:
    """Everything there is to read now: until two polls in a row give nothing."""
    texts: list[str] = []
    quiet = 0
    while quiet < 2:
        source._looked = -1e9  # as if the time to look for new files had come
        lines, more = source.poll()
        texts += [line.text for line in lines]
        quiet = 0 if lines or more else quiet + 1
    return texts


def append(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_only_what_is_written_from_now_on_is_read(log: Path) -> None:
    source = follow(log)
    append(log, "one\ntwo\n\nthr")
    assert read(source) == ["one", "two"]
    append(log, "ee\n")
    assert read(source) == ["three"]
    source.close()


def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(log: Path) -> None:
    source = follow(log)
    append(log, "before\n")
    log.rename(log.with_suffix(".1"))
    append(log.with_suffix(".1"), "still written\nwithout end")
    log.write_text("new\n")
    assert read(source) == ["before", "still written", "without end", "new"]
    source.close()


def test_a_deleted_file_is_let_go_of_and_found_again(log: Path) -> None:
    source = follow(log)
    append(log, "last words\n")
    log.unlink()
    assert read(source) == ["last words"]
    assert [file.descriptor for file in source.files.values()] == [-1]
    log.write_text("born again\n")
    assert read(source) == ["born again"]
    source.close()


def test_a_truncated_file_is_read_from_its_beginning(log: Path) -> None:
    source = follow(log)
    append(log, "a long line before the truncation\n")
    assert read(source) == ["a long line before the truncation"]
    os.truncate(log, 0)
    append(log, "short\n")
    assert read(source) == ["short"]
    source.close()


def test_bytes_that_are_not_utf8_survive_as_signs(log: Path) -> None:
    source = follow(log)
    append(log, b"caf\xe9 \xff\xfe\x00 ok\n")
    assert read(source) == ["caf\ufffd \ufffd\ufffd\x00 ok"]
    source.close()


def test_a_line_without_end_takes_bounded_memory(log: Path) -> None:
    source = follow(log)
    append(log, b"x" * 300_000 + b"\nnext\n")
    texts = read(source)
    assert [len(text) for text in texts[:-1]] == [65536]
    assert texts[-1] == "next"
    source.close()


def test_indented_lines_continue_the_message_before(log: Path) -> None:
    source = follow(log)
    append(log, "Traceback:\n  File x\n\tat y\ndone\n")
    lines, _ = source.poll()
    assert [line.continues for line in lines] == [False, True, True, False]
    assert {(line.source, line.seconds) for line in lines} == {(str(log), 5.0)}
    source.close()


def test_a_burst_is_jumped_over_counted_and_its_end_is_read(log: Path) -> None:
    source = follow(log)
    os.truncate(log, 2 * 1024**3)  # two gigabytes, as a burst leaves them; sparse, so that the test is quick
    append(log, "\nafter the burst\n")
    texts = read(source)
    file = source.files[str(log)]
    assert texts[-1] == "after the burst"
    assert file.jumps == 1
    assert file.skipped_bytes == log.stat().st_size - len("history\n") - 128 * 1024 > MOST_BEHIND
    source.close()


def test_files_that_appear_later_are_read_whole(tmp_path: Path, log: Path) -> None:
    source = follow(tmp_path / "*.log")
    (tmp_path / "other.log").write_text("from the start\n")
    assert read(source) == ["from the start"]
    source.close()


def test_a_rotated_file_that_matches_the_pattern_too_is_not_read_twice(tmp_path: Path, log: Path) -> None:
    source = follow(tmp_path / "app.log*")
    append(log, "one\n")
    assert read(source) == ["one"]
    log.rename(tmp_path / "app.log.1")
    log.write_text("two\n")
    assert read(source) == ["two"]
    source.close()


def test_a_later_run_goes_on_where_this_one_stopped(log: Path) -> None:
    first = follow(log)
    append(log, "read\nhalf")
    assert read(first) == ["read"]
    places = first.places()
    first.close()
    append(log, " and half\nmissed\n")
    second = FileSource((str(log),), places)
    assert read(second) == ["half and half", "missed"]
    second.close()


def test_what_is_no_ordinary_file_is_not_opened_and_costs_no_other(tmp_path: Path, log: Path) -> None:
    pipe = tmp_path / "pipe.log"
    os.mkfifo(pipe)
    source = follow(tmp_path / "*.log", tmp_path / "absent")
    append(log, "read\n")
    assert read(source) == ["read"]
    assert source.files[str(pipe)].error == f"{pipe} is no ordinary file"
    assert "No such file" in source.files[str(tmp_path / "absent")].error
    source.close()


def test_following_many_rotations_leaks_no_descriptors(log: Path) -> None:
    source = follow(log)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(300):
        log.rename(log.with_suffix(".1"))
        log.write_text(f"{number}\n")
        assert read(source) == [str(number)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(source._closed) <= 257
    source.close()
