"""Real faults on this machine, each bounded and undone: whether they are heard, how soon, and what is blamed.

`python -m benchmarks.faults` is the program; docs/faults.md says how it measures, and what it measured.
"""
