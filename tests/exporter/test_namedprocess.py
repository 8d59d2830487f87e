"""Processes by group: sums, bounds and rules, on real processes and on a /proc that the test writes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.collectors.namedprocess import NamedProcessCollector
from exporter.flags import SettingsError
from exporter.procfs import Trees
from tests.conftest import tool
from tests.exporter.fake_proc import FakeProc
from tests.exporter.golden import Series, kinds, samples
from tests.exporter.page import of, page, told_now, values

GROUP = "namedprocess_namegroup"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


@contextmanager
def child(name: str, work: Callable[[], object] = signal.pause) -> Iterator[int]:
    """A real process of this name that works until the block ends."""
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)  # PR_SET_NAME
        try:
            work()
        finally:
            os._exit(0)
    try:
        until(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == name)
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, "waited a minute in vain"
        time.sleep(0.01)


def test_a_group_sums_what_its_processes_are_and_use(proc: FakeProc) -> None:
    proc.put(10, "web", threads=3, virtual=10_000, resident=2, swap=4, descriptors=3, limit=4, started=500, state="R")
    proc.put(11, "web", threads=1, virtual=5_000, resident=1, descriptors=1, limit=10, started=200, state="D")
    collector = NamedProcessCollector(proc.trees)
    told_now(collector)
    proc.put(10, "web", user=150, system=50, minor=7, major=2, read=4096, written=512, voluntary=5, involuntary=6,
             threads=3, virtual=10_000, resident=2, swap=4, limit=4, started=500, state="R")  # fmt: skip
    found = told_now(collector)
    collector.close()
    web = {name: value for (name, labels), value in found.items() if labels == {("groupname", "web")}}
    assert web == {
        f"{GROUP}_num_procs": 2,
        f"{GROUP}_num_threads": 4,
        f"{GROUP}_read_bytes_total": 4096,
        f"{GROUP}_write_bytes_total": 512,
        f"{GROUP}_major_page_faults_total": 2,
        f"{GROUP}_minor_page_faults_total": 7,
        f"{GROUP}_open_filedesc": 4,
        f"{GROUP}_worst_fd_ratio": 0.75,
        f"{GROUP}_oldest_start_time_seconds": 1_700_000_002,
    }
    assert values(found, f"{GROUP}_cpu_seconds_total", "mode") == {"user": 1.5, "system": 0.5}
    assert values(found, f"{GROUP}_context_switches_total", "ctxswitchtype") == {"voluntary": 5, "nonvoluntary": 6}
    assert values(found, f"{GROUP}_memory_bytes", "memtype") == {
        "resident": 3 * os.sysconf("SC_PAGE_SIZE"),
        "virtual": 15_000,
        "swapped": 4096,
    }
    assert values(found, f"{GROUP}_states", "state") == {
        "Running": 1,
        "Sleeping": 0,
        "Waiting": 1,
        "Zombie": 0,
        "Other": 0,
    }


def test_what_was_used_before_anybody_looked_is_not_counted(proc: FakeProc) -> None:
    proc.put(10, "web", user=90_000, read=10**9)
    found = told_now(NamedProcessCollector(proc.trees))
    assert of(found, f"{GROUP}_cpu_seconds_total", groupname="web", mode="user") == 0
    assert of(found, f"{GROUP}_read_bytes_total", groupname="web") == 0


def test_a_process_born_between_scrapes_counts_from_its_birth(proc: FakeProc) -> None:
    proc.put(10, "cc1")
    collector = NamedProcessCollector(proc.trees)
    told_now(collector)
    proc.put(11, "cc1", user=300, read=77)
    found = told_now(collector)
    assert of(found, f"{GROUP}_cpu_seconds_total", groupname="cc1", mode="user") == 3
    assert of(found, f"{GROUP}_read_bytes_total", groupname="cc1") == 77


def test_counters_do_not_fall_when_a_member_exits(proc: FakeProc) -> None:
    proc.put(10, "web")
    proc.put(11, "web")
    collector = NamedProcessCollector(proc.trees)
    told_now(collector)
    proc.put(10, "web", user=100, written=5)
    proc.put(11, "web", user=200, written=6)
    told_now(collector)
    proc.end(11)
    found = told_now(collector)
    assert of(found, f"{GROUP}_num_procs", groupname="web") == 1
    assert of(found, f"{GROUP}_cpu_seconds_total", groupname="web", mode="user") == 3
    assert of(found, f"{GROUP}_write_bytes_total", groupname="web") == 11


def test_a_number_used_again_is_another_process(proc: FakeProc) -> None:
    proc.put(10, "web", user=500, started=100)
    collector = NamedProcessCollector(proc.trees)
    told_now(collector)
    proc.put(10, "web", user=40, started=900)
    found = told_now(collector)
    assert of(found, f"{GROUP}_num_procs", groupname="web") == 1
    assert of(found, f"{GROUP}_cpu_seconds_total", groupname="web", mode="user") == 0.4
    assert of(found, f"{GROUP}_oldest_start_time_seconds", groupname="web") == 1_700_000_009


def test_groups_that_are_gone_disappear() -> None:
    collector = NamedProcessCollector(Trees.below(), top=0)
    with child("om-shortlived"):
        assert of(told_now(collector), f"{GROUP}_num_procs", groupname="om-shortlived") == 1
    assert "om-shortlived" not in page(collector)
    collector.close()


def test_a_real_process_that_works_is_seen_working() -> None:
    def burn() -> None:
        while True:
            sum(range(10_000))

    collector = NamedProcessCollector(Trees.below(), top=0)
    with child("om-burner", burn):
        told_now(collector)

        def seconds() -> float:
            return of(told_now(collector), f"{GROUP}_cpu_seconds_total", groupname="om-burner", mode="user")

        until(lambda: seconds() > 0.05)
    collector.close()


def test_a_process_that_becomes_another_program_changes_its_group() -> None:
    collector = NamedProcessCollector(Trees.below(), top=0)
    reader, writer = os.pipe()
    with child("om-before", lambda: (os.read(reader, 1), os.execlp("sleep", "sleep", "60"))) as pid:
        assert of(told_now(collector), f"{GROUP}_num_procs", groupname="om-before") == 1
        process = collector.memory.table.known[str(pid)]
        os.write(writer, b"!")
        until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
        found = told_now(collector)
        assert "om-before" not in values(found, f"{GROUP}_num_procs", "groupname")
        assert process in collector.memory.groups.groups["sleep"].members
    collector.close()
    os.close(reader)
    os.close(writer)


def test_however_many_groups_there_are_three_times_top_and_other_are_told(proc: FakeProc) -> None:
    for number in range(20):
        proc.put(100 + number, f"p{number}", resident=number, started=100 + number)
    collector = NamedProcessCollector(proc.trees, top=1)
    told_now(collector)
    proc.put(103, "p3", user=500, resident=3, started=103)
    proc.put(105, "p5", read=10**9, resident=5, started=105, minor=1)
    proc.put(101, "p1", user=1, resident=1, started=101)
    found = told_now(collector)
    assert values(found, f"{GROUP}_num_procs", "groupname") == {"p3": 1, "p5": 1, "p19": 1, "other": 17}
    assert of(found, f"{GROUP}_num_threads", groupname="other") == 17
    assert of(found, f"{GROUP}_cpu_seconds_total", groupname="other", mode="user") == 0.01
    assert of(found, f"{GROUP}_oldest_start_time_seconds", groupname="other") == 1_700_000_001


def test_other_never_falls_when_a_group_comes_out_of_it(proc: FakeProc) -> None:
    for number in range(6):
        proc.put(100 + number, f"p{number}", resident=10 - number)
    collector = NamedProcessCollector(proc.trees, top=1)
    told_now(collector)
    proc.put(105, "p5", user=100, resident=5)
    proc.put(104, "p4", user=10, resident=6)
    first = told_now(collector)
    assert set(values(first, f"{GROUP}_num_procs", "groupname")) == {"p5", "p0", "p1", "other"}
    assert of(first, f"{GROUP}_cpu_seconds_total", groupname="other", mode="user") == 0.1
    proc.put(104, "p4", user=2_010, resident=6)
    second = told_now(collector)
    assert of(second, f"{GROUP}_cpu_seconds_total", groupname="p4", mode="user") == 20
    assert of(second, f"{GROUP}_cpu_seconds_total", groupname="p5", mode="user") == 1
    assert of(second, f"{GROUP}_cpu_seconds_total", groupname="other", mode="user") == 0.1


def test_a_group_told_of_once_stays_while_there_is_room(proc: FakeProc) -> None:
    for number in range(8):
        proc.put(100 + number, f"p{number}", resident=10 - number)
    collector = NamedProcessCollector(proc.trees, top=1)
    told_now(collector)
    proc.put(107, "p7", user=100, resident=3)
    told_now(collector)
    for quiet in range(5):
        proc.put(106, "p6", user=100 + quiet, resident=4)
        assert {"p6", "p7"} < set(values(told_now(collector), f"{GROUP}_num_procs", "groupname"))


def test_kernel_threads_are_one_group_and_any_name_is_taken(proc: FakeProc) -> None:
    proc.put(2, "kthreadd", flags=0x208040, parent=0, state="I")
    proc.put(3, "kworker/0:1-events", flags=0x4208060, parent=2)
    proc.put(40, "a) b (c", command="secret --password=x")
    proc.put(41, "\udcff\udcfeq", threads=2)
    text = page(NamedProcessCollector(proc.trees))
    found = samples(text)
    assert values(found, f"{GROUP}_num_procs", "groupname") == {"kernel": 2, "a) b (c": 1, "��q": 1}
    assert "secret" not in text


def test_another_users_io_is_counted_as_unreadable_and_the_rest_is_told() -> None:
    if os.geteuid():
        pytest.skip("only root can be somebody else for a while")
    collector = NamedProcessCollector(Trees.below(), top=0)
    with child("om-other-user"):
        os.seteuid(65534)
        try:
            first, second = told_now(collector), told_now(collector)
        finally:
            os.seteuid(0)
    assert of(second, f"{GROUP}_num_procs", groupname="om-other-user") == 1
    assert of(second, f"{GROUP}_memory_bytes", groupname="om-other-user", memtype="resident") > 0
    assert of(first, "namedprocess_scrape_partial_errors") > 0
    assert of(second, "namedprocess_scrape_partial_errors") > of(first, "namedprocess_scrape_partial_errors")
    assert of(second, "namedprocess_scrape_procread_errors") == 0
    collector.close()


def test_bytes_of_a_time_when_they_could_not_be_read_are_not_counted_later(proc: FakeProc) -> None:
    proc.put(10, "web", read=1000)
    collector = NamedProcessCollector(proc.trees)
    told_now(collector)
    collector.memory.table.known["10"].refused = True  # as another user's file is
    proc.put(10, "web", read=9000, user=1)
    assert of(told_now(collector), f"{GROUP}_read_bytes_total", groupname="web") == 0
    proc.put(10, "web", read=9007, user=2)
    assert of(told_now(collector), f"{GROUP}_read_bytes_total", groupname="web") == 7


def test_a_process_whose_stat_is_no_stat_costs_itself_only(proc: FakeProc) -> None:
    proc.put(10, "web")
    proc.put(11, "web")
    (proc.root / "11" / "stat").write_text("not a stat line\n")
    found = told_now(NamedProcessCollector(proc.trees))
    assert of(found, f"{GROUP}_num_procs", groupname="web") == 1
    assert of(found, "namedprocess_scrape_procread_errors") == 1


def test_a_hundred_looks_keep_no_descriptors_of_processes_that_ended(proc: FakeProc) -> None:
    collector = NamedProcessCollector(proc.trees)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for look in range(100):
        proc.put(1000 + look, "short")
        told_now(collector)
        proc.end(1000 + look)
    told_now(collector)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2  # the folder itself, and btime's file
    assert (collector.memory.table.known, collector.memory.groups.groups) == ({}, {})
    collector.close()


RULES = r"""
process_names:
  - name: "{{.ExeBase}}:{{.Matches.Config}}:{{ .Matches.Absent }}"
    exe: [/usr/sbin/daemon]
    cmdline: ['-c (?P<Config>\S+)', '--run']
  - comm: [bash, sh]
  - name: "{{.Comm}} of {{.Username}} since {{.StartTime}} in {{.Cgroups}} as {{.PID}}"
    exe: [worker]
"""


def test_rules_in_process_exporters_format_name_the_groups(proc: FakeProc, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    proc.put(10, "daemon", command="/usr/sbin/daemon -c a.conf --run")
    proc.put(11, "daemon", command="/usr/sbin/daemon -c b.conf")  # not --run: no rule, and its parent has none
    proc.put(12, "daemon", command="/opt/daemon -c a.conf --run")  # another path
    proc.put(13, "sh", command="/bin/bash -l", parent=11)
    proc.put(14, "wrk", command="/opt/worker x", uid=0)
    proc.put(15, "child", command="child", parent=13)
    proc.put(16, "orphan", command="orphan", parent=99)
    collector = NamedProcessCollector(proc.trees, config_file=str(tmp_path / "rules.yml"))
    counts = values(told_now(collector), f"{GROUP}_num_procs", "groupname")
    assert counts == {
        "daemon:a.conf:<no value>": 1,
        "bash": 2,
        "wrk of root since 2023-11-14 22:13:21 +0000 UTC in [/system.slice/x.service] as 14": 1,
    }


def test_without_children_only_what_matches_is_told(proc: FakeProc, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("process_names: [{comm: [bash], name: shell}]")
    proc.put(13, "bash", command="bash")
    proc.put(15, "child", command="child", parent=13)
    collector = NamedProcessCollector(proc.trees, config_file=str(tmp_path / "rules.yml"), children=False)
    assert values(told_now(collector), f"{GROUP}_num_procs", "groupname") == {"shell": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("process_names: [{name: x}]", "rule 1: has none of comm, exe, cmdline"),
        ("process_names: [{comm: [a], cmdlin: [b]}]", "rule 1: unknown key 'cmdlin'"),
        ("process_names: [{comm: bash}]", "rule 1: comm is no list of texts"),
        ("process_names: [{cmdline: ['(']}]", "rule 1: cmdline '(': missing ), unterminated subpattern at position 0"),
        ("process_names: [{comm: [a], name: '{{if .Comm}}'}]", "rule 1: name: can't fill in {{if .Comm}}"),
        ("process_names: [3]", "rule 1: is no mapping"),
        ("other: 1", "holds no rules for processes: it needs a list process_names"),
        ("a: [", "can't read the rules"),
    ],
)
def test_every_mistake_in_the_rules_is_told_at_the_start(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "rules.yml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        NamedProcessCollector(Trees.below(), config_file=str(tmp_path / "rules.yml"))
    assert problem in str(caught.value)


def test_names_types_labels_and_values_are_process_exporters(tmp_path: Path, free_port: int) -> None:
    program = tool("prometheus-process-exporter")
    (tmp_path / "rules.yml").write_text("process_names: [{name: '{{.Comm}}', comm: [om-peer, om-peer2]}]")
    arguments = [f"-config.path={tmp_path / 'rules.yml'}", "-threads=false", "-children=false"]
    collector = NamedProcessCollector(
        Trees.below(), config_file=str(tmp_path / "rules.yml"), children=False, smaps=True
    )
    with child("om-peer"), child("om-peer"), child("om-peer2"):
        told_now(collector)
        peer = subprocess.Popen([program, *arguments, f"-web.listen-address=127.0.0.1:{free_port}"])
        try:
            text = _peers_page(free_port)
        finally:
            peer.terminate()
            peer.wait()
        mine = page(collector)
    collector.close()
    theirs = "".join(f"{line}\n" for line in text.splitlines() if "namedprocess_" in line and "wchan" not in line)
    assert kinds(mine) == kinds(theirs)
    assert _steady(samples(mine)) == _steady(samples(theirs))
    assert of(samples(mine), f"{GROUP}_memory_bytes", groupname="om-peer", memtype="proportionalResident") > 0


def _steady(found: dict[Series, float]) -> dict[Series, float]:
    """Without what moves with other processes: shared pages, and other users' files."""
    moving = {("memtype", "proportionalResident")}
    return {key: value for key, value in found.items() if not key[1] & moving and "errors" not in key[0]}


def _peers_page(port: int) -> str:
    ends = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < ends, "process-exporter didn't answer"
            time.sleep(0.05)
