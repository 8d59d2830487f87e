"""Reading files whose descriptors stay open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from exporter.procfs import Allowance, Tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def open_descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_file_of_proc_is_opened_once_and_read_anew_each_time() -> None:
    tree = Tree("/proc")
    tree.read("self/stat")
    before = open_descriptors()
    first = tree.read("uptime")
    assert open_descriptors() == before + 1
    while tree.read("uptime") == first:
        pass
    assert open_descriptors() == before + 1
    tree.close()
    assert open_descriptors() == before - 1


def test_long_files_come_whole() -> None:
    tree = Tree("/proc")
    assert tree.read("self/smaps").count(b"VmFlags") == tree.read("self/maps").count(b"\n")
    assert tree.read("cpuinfo").startswith(b"processor")
    assert len(tree.read("kallsyms")) > 1_000_000
    assert tree.read("kallsyms").endswith(b"\n")
    tree.close()


def test_a_file_in_one_piece_that_outgrows_its_buffer_comes_whole() -> None:
    tree = Tree("/proc")
    for _ in range(2):
        environment = tree.read("self/environ", whole=True)
        assert environment == Path("/proc/self/environ").read_bytes()
        assert len(tree.read("interrupts", whole=True)) >= 100
    tree.close()


def test_an_ordinary_file_that_is_replaced_is_seen(tmp_path: Path) -> None:
    (tmp_path / "stat").write_bytes(b"old")
    tree = Tree(str(tmp_path))
    assert tree.read("stat") == b"old"
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").rename(tmp_path / "stat")
    assert tree.read("stat") == b"new"


def test_a_process_that_ended_is_no_file_any_more() -> None:
    tree = Tree("/proc")
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert b") Z " in tree.read(f"{child}/stat")
    os.waitpid(child, 0)
    with pytest.raises(OSError, match="No such"):
        tree.read(f"{child}/stat")
    assert tree.read_if_any(f"{child}/stat") is None


def test_what_is_not_read_any_more_is_closed() -> None:
    tree = Tree("/proc")
    tree.read("uptime")
    tree.read("loadavg")
    before = open_descriptors()
    tree.sweep()
    tree.read("loadavg")
    tree.sweep()
    assert open_descriptors() == before - 1
    assert tree.read("uptime")
    tree.close()


def test_no_more_descriptors_are_kept_than_allowed_by_all_trees_together() -> None:
    allowance = Allowance(2)
    trees = [Tree("/proc", allowance) for _ in range(2)]
    before = open_descriptors()
    for tree in trees:
        for name in ("uptime", "loadavg", "stat"):
            assert tree.read(name)
            assert tree.read(name)
    assert open_descriptors() == before + 2
    for tree in trees:
        tree.close()
    assert allowance.left == 2


def test_what_is_absent_or_unreadable_is_told_apart_from_what_is_broken(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "number").write_bytes(b" 42\n")
    (tmp_path / "word").write_bytes(b"none\n")
    assert tree.read_if_any("nothing") is None
    assert tree.integer("number") == 42
    assert tree.integer("word") is None
    assert tree.integer("nothing") is None
    assert tree.value("word") == b"none"
    assert tree.names_if_any("nothing") == []
    assert tree.names("") == ["folder", "number", "word"]
    assert tree.attributes("folder", ("a",)) == {}
    with pytest.raises(IsADirectoryError):
        tree.read_if_any("folder")


def test_mounts_that_stay_the_same_are_not_read_again() -> None:
    tree = Tree("/proc")
    assert tree.changed("self/mountinfo")
    tree.read("self/mountinfo")
    assert tree.changed("self/mountinfo"), "the first look is before the kernel was asked to tell"
    assert not tree.changed("self/mountinfo")
    tree.close()
