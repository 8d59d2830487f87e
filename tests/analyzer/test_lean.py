"""What keeps the process small, measured on processes of their own."""

from __future__ import annotations

import subprocess
import sys


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_analyzer_runs_without_pandas_and_who_asks_for_a_table_gets_it() -> None:
    program = """
import sys
from analyzer.lean import unimported
with unimported("pandas"):
    import analyzer.app
assert "pandas" not in sys.modules
assert "sklearn" not in sys.modules, "who has a fleet's models fitted elsewhere does without"
assert "scipy" not in sys.modules
import numpy as np
from analyzer.data import Frame
print(Frame("web-1", ("cpu",), np.array([0.0]), np.array([[1]], np.float32)).table().shape)
"""
    assert run(program) == "(1, 1)"


def test_a_module_that_is_there_already_is_left_alone() -> None:
    program = """
import json, sys
from analyzer.lean import unimported
with unimported("json"):
    import json as again
print(again is json, sys.modules["json"] is json)
"""
    assert run(program) == "True True"


def test_freed_memory_goes_back_to_the_system() -> None:
    program = """
import sys
from analyzer.lean import give_back
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
if sys.platform != "linux":
    print("freed")
    raise SystemExit
blocks = [bytes(1000) for _ in range(100_000)]
keep = blocks[::1000]
last = bytes(1000)
full = resident()
del blocks
give_back()
print("freed" if full - resident() > 50_000_000 else (full, resident()))
"""
    assert run(program) == "freed"


def test_huge_arrays_go_back_with_their_last_reference_and_others_when_told() -> None:
    program = """
import sys
from analyzer.lean import give_back, hold_little
if sys.platform != "linux" or not hold_little():
    print("freed freed")
    raise SystemExit
import numpy as np
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def freed(length, count, last):
    for _ in range(3):  # glibc learns from freed blocks to keep larger ones, unless it is told
        arrays = [np.ones(length) for _ in range(count)]
        above = bytes(100_000)  # what lives behind them must not hold them
        full = resident()
        del arrays
        last()
    return "freed" if full - resident() > 100_000_000 else (full, resident())
print(freed(4_000_000, 5, lambda: None), freed(100_000, 200, give_back))
"""
    assert run(program) == "freed freed"


def test_the_same_arithmetic_again_asks_the_system_for_no_new_memory() -> None:
    program = """
import sys
from analyzer.lean import hold_little
if sys.platform != "linux" or not hold_little():
    print("kept")
    raise SystemExit
import resource
import numpy as np
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
ones = np.ones(500_000)
for _ in range(3):
    (ones + 1) * (ones + 2)
begun = faults()
for _ in range(100):
    (ones + 1) * (ones + 2)
print("kept" if faults() - begun < 5000 else faults() - begun)
"""
    assert run(program) == "kept"


def test_the_service_does_linear_algebra_on_one_thread_unless_it_is_told_otherwise() -> None:
    program = """
import os, sys
os.environ["MKL_NUM_THREADS"] = "3"
import analyzer.__main__
assert "numpy" not in sys.modules, "it would have read them by now"
from analyzer.lean import one_thread_each
one_thread_each()
import numpy
from threadpoolctl import threadpool_info
print({each["num_threads"] for each in threadpool_info()}, os.environ["MKL_NUM_THREADS"])
"""
    assert run(program) == "{1} 3"
