"""Isolation trees as arrays: all trees are grown level by level at once, and walked for all rows and hosts at once.

Liu, Ting and Zhou, Isolation Forest, ICDM 2008. A tree is a heap: the children of node n are 2n + 1 and 2n + 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Values
from analyzer.detectors.sampling import spread_out

Indices = npt.NDArray[np.intp]
Thresholds = npt.NDArray[np.float16]

# Trees end here, as deep as a balanced one of 256 rows: isolation is told by the first cuts.
DEPTH = 8
NODES, LEAVES = 2**DEPTH - 1, 2**DEPTH
LENGTHS = 256  # as many as one byte tells apart; a forest of fifty trees has about eighty
EULER = 0.5772156649
PAIR = 2
FEW = 2**15
# A cut that meets a feature without spread at its node is drawn anew so often, before all features are looked through.
DRAWS = 4
# So many walks at a time stay within a core's cache.
WALKS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Forest:
    """`cut[h, tree, node]` is a node's feature, `at[h, tree, node]` its threshold: above it goes right.

    `lengths[h, length[h, tree, leaf]]` is how many cuts set a row apart that ends there: few numbers come again and
    again. `expected[h]` is that of an average row.
    """

    cut: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    at: Thresholds
    length: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.float16]
    expected: Values

    def isolation(self, views: Values) -> Values:
        """`[h, t]` of `views[h, t, g]`: 2^(-length / expected), averaged over trees as in the paper."""
        hosts, rows, _ = views.shape
        width = max(1, WALKS_AT_ONCE // (self.cut.shape[1] * hosts))
        parts = [self._lengths(views[:, at : at + width]) for at in range(0, rows, width)]
        return np.asarray(np.exp2(-np.concatenate(parts, axis=1) / self.expected[:, None]), dtype=np.float32)

    def _lengths(self, views: Values) -> Values:
        """The mean over trees of how many cuts set each row apart."""
        hosts, rows, features = views.shape
        trees = self.cut.shape[1]
        tree = np.arange(hosts * trees).reshape(hosts, 1, trees)
        row = np.arange(hosts * rows).reshape(hosts, rows, 1) * features
        cut, at, seen = self.cut.reshape(-1), self.at.reshape(-1), np.ascontiguousarray(views).reshape(-1)
        place = np.zeros((hosts, rows, trees), np.intp)
        first = tree * NODES
        for _ in range(DEPTH):
            node = place + first
            right = seen.take(cut.take(node) + row) > at.take(node)
            place += place
            place += right
            place += 1
        length = self.length.reshape(-1).take(place + (tree * LEAVES - NODES))
        lengths = self.lengths.reshape(-1).take(length + np.arange(0, hosts * LENGTHS, LENGTHS)[:, None, None])
        return np.asarray(lengths.mean(axis=2, dtype=np.float32))


def grow(rows: Values, trees: int, sample: int, random: np.random.Generator) -> Forest:
    """A forest of one host from `rows[n, g]`, each tree of `sample` of them."""
    moving = np.flatnonzero(rows.max(axis=0) > rows.min(axis=0))
    size = min(sample, len(rows))
    cut = np.zeros((trees, NODES), np.min_scalar_type(max(rows.shape[1] - 1, 1)))
    at = np.full((trees, NODES), np.inf, np.float16)
    length = np.zeros((trees, LEAVES), np.float16)
    growth = _Growth(np.ascontiguousarray(rows), moving, random, cut, at, length)
    growth.grow(_drawn(len(rows), trees, size, random))
    expected = np.array([max(average_length(np.array(size)), 1.0)], np.float32)
    return Forest(cut[None], at[None], *coded(length), expected)


def coded(length: npt.NDArray[np.float16]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Each as its place among those that differ, and these; where they are too many, the nearest below stands in."""
    different = np.unique(length)
    kept = different if len(different) <= LENGTHS else different[spread_out(len(different), LENGTHS)]
    lengths = np.zeros((1, LENGTHS), np.float16)
    lengths[0, : len(kept)] = kept
    return (np.searchsorted(kept, length, side="right") - 1).astype(np.uint8)[None], lengths


def average_length(rows: npt.NDArray[np.generic]) -> Values:
    """How many cuts set a row of so many apart on average: that of an unsuccessful search in a binary tree."""
    n = np.maximum(np.asarray(rows, np.float64), 1.0)
    found = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + EULER) - 2.0 * (n - 1.0) / n
    return np.asarray(np.where(n > PAIR, found, n - 1.0), dtype=np.float32)


def _drawn(count: int, trees: int, size: int, random: np.random.Generator) -> Indices:
    """`[trees, size]` rows, none twice in a tree; each shuffle serves as many trees as it has rows for."""
    each = count // size
    shuffles = [random.permutation(count)[: each * size].reshape(each, size) for _ in range(-(-trees // each))]
    return np.concatenate(shuffles)[:trees]


@dataclass(frozen=True, slots=True)
class _Growth:
    """Cuts all nodes of a level at once; `seen` rows stay sorted by their node, so that each node is a slice."""

    rows: Values
    moving: Indices
    random: np.random.Generator
    cut: npt.NDArray[np.generic]
    at: Thresholds
    length: npt.NDArray[np.float16]

    def grow(self, drawn: Indices) -> None:
        trees, size = drawn.shape
        seen, node = drawn.reshape(-1), np.repeat(np.arange(trees), size)
        for depth in range(DEPTH):
            begins = np.flatnonzero(np.diff(node, prepend=-1))
            counts = np.diff(begins, append=len(node))
            feature, threshold = self._cuts(seen, begins, counts, node[begins], depth)
            cuts = np.isfinite(threshold)
            tree, place = np.divmod(node[begins], 2**depth)
            self._end(tree[~cuts], place[~cuts], depth, counts[~cuts])
            heap = place + 2**depth - 1
            self.cut[tree[cuts], heap[cuts]] = feature[cuts]
            self.at[tree[cuts], heap[cuts]] = threshold[cuts]
            going = np.repeat(cuts, counts)
            at, of = np.repeat(threshold, counts)[going], np.repeat(feature, counts)[going]
            seen, node = seen[going], node[going]
            node = 2 * node + (self.rows[seen, of] > at)
            # Small whole numbers are sorted by counting.
            order = np.argsort(node.astype(np.uint16) if len(self.cut) << depth < FEW else node, kind="stable")
            seen, node = seen[order], node[order]
        begins = np.flatnonzero(np.diff(node, prepend=-1))
        tree, place = np.divmod(node[begins], 2**DEPTH)
        self._end(tree, place, DEPTH, np.diff(begins, append=len(node)))

    def _end(self, tree: Indices, place: Indices, depth: int, counts: Indices) -> None:
        """These nodes are cut no more; their rows walk on to the left, for no threshold there is exceeded."""
        self.length[tree, place << (DEPTH - depth)] = depth + average_length(counts)

    def _cuts(
        self, seen: Indices, begins: Indices, counts: Indices, node: Indices, depth: int
    ) -> tuple[Indices, Thresholds]:
        """A random feature that moves within each node, and a random threshold; NaN where there is none.

        What is drawn for a node does not depend on what came of others: a rounding must not change the whole forest.
        """
        nodes = len(self.cut) * 2**depth
        feature, threshold = np.zeros(len(begins), np.intp), np.full(len(begins), np.nan, np.float16)
        left = np.flatnonzero(counts > 1) if len(self.moving) else np.zeros(0, np.intp)
        for _ in range(DRAWS):
            drawn, part = self.random.random((2, nodes), np.float32)
            if len(left):
                feature[left] = self.moving[(drawn[node[left]] * len(self.moving)).astype(np.intp)]
                low, high = self._range(seen, begins, counts, feature, left)
                left = _set(threshold, left, low, high, part[node[left]])
        for one in left.tolist():
            rows = self.rows[seen[begins[one] : begins[one] + counts[one]]]
            _look_through(rows, one, feature, threshold, part[node[one]])
        return feature, threshold

    def _range(
        self, seen: Indices, begins: Indices, counts: Indices, feature: Indices, nodes: Indices
    ) -> tuple[Values, Values]:
        """The lowest and highest value of its feature in each of the nodes."""
        sizes = counts[nodes]
        starts = np.cumsum(sizes) - sizes
        rows = seen[np.arange(sizes.sum()) + np.repeat(begins[nodes] - starts, sizes)]
        values = self.rows[rows, np.repeat(feature[nodes], sizes)]
        return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def _set(threshold: Thresholds, nodes: Indices, low: Values, high: Values, part: Values) -> Indices:
    """Thresholds `part` of the way, where they leave a row on either side; the nodes that still have none."""
    drawn = (low + part * (high - low)).astype(np.float16)
    good = (drawn.astype(np.float32) >= low) & (drawn.astype(np.float32) < high)
    threshold[nodes[good]] = drawn[good]
    return nodes[~good]


def _look_through(rows: Values, node: int, feature: Indices, threshold: Thresholds, part: float) -> None:
    """One of the features that move in the node's rows, when there are few of them."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    moving = np.flatnonzero(high > low)
    for column in np.roll(moving, int(part * len(moving))).tolist():
        feature[node] = column
        if not len(_set(threshold, np.array([node]), low[[column]], high[[column]], np.array([part], np.float32))):
            return
