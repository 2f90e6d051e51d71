"""Fully connected layers with ReLU, forwards and backwards, over blocks of events that stay in the cache.

numba compiles this module; it contains no torch. Loops run over events innermost, so that the compiler makes
vector instructions of them. Sums over events are added in a fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel import _compiled

Array = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

#: Number of events in a block: the values of two layers of 30 nodes fit into the fastest cache.
BLOCK = 256
#: Nodes are computed four at a time; layers are filled up with nodes of weight zero.
NODES = 4
#: Sums may be added in another order; NaN and infinity stay what they are.
_exact, _in_any_order = _compiled(), _compiled("reassoc", "nsz")


@_in_any_order
def add_products(out: Array, weights: Array, rows: Ints, columns: Ints, values: Array) -> None:
    """Add products of weights and values to ``out``.

    Parameters
    ----------
    out : ndarray, shape (n_rows, BLOCK)
    weights : ndarray
    rows, columns : ndarray of int, shape (n_rows,) and (n_columns,)
        The part of the weights that is meant.
    values : ndarray, shape (n_columns, BLOCK)
    """
    for j in range(0, len(rows), 4):
        o0, o1, o2, o3 = out[j], out[j + 1], out[j + 2], out[j + 3]
        w0, w1, w2, w3 = weights[rows[j]], weights[rows[j + 1]], weights[rows[j + 2]], weights[rows[j + 3]]
        for i in range(0, len(columns), 4):
            v0, v1, v2, v3 = values[i], values[i + 1], values[i + 2], values[i + 3]
            c0, c1, c2, c3 = columns[i], columns[i + 1], columns[i + 2], columns[i + 3]
            w00, w01, w02, w03 = w0[c0], w0[c1], w0[c2], w0[c3]
            w10, w11, w12, w13 = w1[c0], w1[c1], w1[c2], w1[c3]
            w20, w21, w22, w23 = w2[c0], w2[c1], w2[c2], w2[c3]
            w30, w31, w32, w33 = w3[c0], w3[c1], w3[c2], w3[c3]
            for e in range(BLOCK):
                x0, x1, x2, x3 = v0[e], v1[e], v2[e], v3[e]
                o0[e] += w00 * x0 + w01 * x1 + w02 * x2 + w03 * x3
                o1[e] += w10 * x0 + w11 * x1 + w12 * x2 + w13 * x3
                o2[e] += w20 * x0 + w21 * x1 + w22 * x2 + w23 * x3
                o3[e] += w30 * x0 + w31 * x1 + w32 * x2 + w33 * x3


@_in_any_order
def add_outer(out: Array, rows: Ints, columns: Ints, slopes: Array, values: Array) -> None:
    """Add the sums over events of slopes times values to rows and columns of ``out``.

    Parameters
    ----------
    out : ndarray
    rows, columns : ndarray of int, shape (n_rows,) and (n_columns,)
    slopes : ndarray, shape (n_rows, BLOCK)
    values : ndarray, shape (n_columns, BLOCK)
    """
    zero = slopes.dtype.type(0)
    for j in range(0, len(rows), 4):
        d0, d1, d2, d3 = slopes[j], slopes[j + 1], slopes[j + 2], slopes[j + 3]
        r0, r1, r2, r3 = out[rows[j]], out[rows[j + 1]], out[rows[j + 2]], out[rows[j + 3]]
        for i in range(0, len(columns), 4):
            v0, v1, v2, v3 = values[i], values[i + 1], values[i + 2], values[i + 3]
            c0, c1, c2, c3 = columns[i], columns[i + 1], columns[i + 2], columns[i + 3]
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = zero
            s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = zero
            for e in range(BLOCK):
                x0, x1, x2, x3 = v0[e], v1[e], v2[e], v3[e]
                y0, y1, y2, y3 = d0[e], d1[e], d2[e], d3[e]
                s00 += y0 * x0
                s01 += y0 * x1
                s02 += y0 * x2
                s03 += y0 * x3
                s10 += y1 * x0
                s11 += y1 * x1
                s12 += y1 * x2
                s13 += y1 * x3
                s20 += y2 * x0
                s21 += y2 * x1
                s22 += y2 * x2
                s23 += y2 * x3
                s30 += y3 * x0
                s31 += y3 * x1
                s32 += y3 * x2
                s33 += y3 * x3
            r0[c0] += s00
            r0[c1] += s01
            r0[c2] += s02
            r0[c3] += s03
            r1[c0] += s10
            r1[c1] += s11
            r1[c2] += s12
            r1[c3] += s13
            r2[c0] += s20
            r2[c1] += s21
            r2[c2] += s22
            r2[c3] += s23
            r3[c0] += s30
            r3[c1] += s31
            r3[c2] += s32
            r3[c3] += s33


@_exact
def _unpack(parameters: Array, widths: Ints) -> tuple[Array, Array, Array]:
    """Return weights, transposed weights and biases of all layers; behind the last node there are zeros."""
    n_layers, most = len(widths) - 1, widths.max() + NODES
    weights = np.zeros((n_layers, most, most), parameters.dtype)
    turned, biases = np.zeros_like(weights), np.zeros((n_layers, most), parameters.dtype)
    at = 0
    for layer in range(n_layers):
        for j in range(widths[layer + 1]):
            for i in range(widths[layer]):
                weights[layer, j, i] = turned[layer, i, j] = parameters[at]
                at += 1
        for j in range(widths[layer + 1]):
            biases[layer, j] = parameters[at]
            at += 1
    return weights, turned, biases


@_exact
def _padded(number: int) -> int:
    """Return the number of nodes that are computed."""
    return -(-number // NODES) * NODES


@_in_any_order
def _keep_active(values: Array, width: int, nodes: Ints, none: int) -> int:
    """Apply the ReLU, and move the nodes that are not zero for all events of the block to the top.

    Parameters
    ----------
    values : ndarray, shape (n_nodes, BLOCK)
        Of all nodes; changed in place.
    width : int
        Number of nodes.
    nodes : ndarray of int
        The positions of the nodes that are kept are written to it, filled up with ``none``.

    Returns
    -------
    int
        Number of nodes kept, filled up.
    """
    n_kept = 0
    for j in range(width):
        row, kept = values[j], values[n_kept]
        total = values.dtype.type(0)
        for e in range(BLOCK):
            # A NaN stays one.
            value = values.dtype.type(0) if row[e] < 0 else row[e]
            total += value
            kept[e] = value
        nodes[n_kept] = j
        n_kept += not total <= 0
    n_filled: int = _padded(n_kept)
    for k in range(n_kept, n_filled):
        values[k, :] = 0
        nodes[k] = none
    return n_filled


@_exact
def _pass_block(
    values: Array,
    nodes: Ints,
    n_nodes: Ints,
    widths: Ints,
    weights: Array,
    biases: Array,
    features: Array,
    first: int,
) -> None:
    """Compute the values of the nodes of all layers for the block of events from ``first`` on.

    Parameters
    ----------
    values : ndarray, shape (n_layers + 1, most, BLOCK)
        Filled with the values of the nodes that are not zero for the whole block.
    nodes, n_nodes : ndarray of int, shape (n_layers + 1, most) and (n_layers + 1,)
        Filled with the positions of these nodes, and their number, a multiple of 4.
    """
    n_layers, none = len(widths) - 1, weights.shape[1] - 1
    n_events = min(BLOCK, features.shape[1] - first)
    for row in range(widths[0]):
        values[0, row, :n_events] = features[row, first : first + n_events]
        values[0, row, n_events:] = 0
    for layer in range(n_layers):
        width, out, into = widths[layer + 1], values[layer + 1], nodes[layer, : n_nodes[layer]]
        every = nodes[layer + 1, : _padded(width)]
        for j in range(len(every)):
            every[j] = j if j < width else none
            out[j, :] = biases[layer, every[j]]
        add_products(out, weights[layer], every, into, values[layer])
        n_nodes[layer + 1] = len(every)
        if layer < n_layers - 1:
            n_nodes[layer + 1] = _keep_active(out, width, nodes[layer + 1], none)


@_exact
def _workspace(features: Array, widths: Ints, most: int) -> tuple[Array, Ints, Ints]:
    """Return values and nodes for :func:`_pass_block`, with the nodes of the features."""
    values = np.zeros((len(widths), most, BLOCK), features.dtype)
    nodes, n_nodes = np.full((len(widths), most), most - 1), np.zeros(len(widths), np.int64)
    nodes[0, : widths[0]] = np.arange(widths[0])
    n_nodes[0] = _padded(widths[0])
    return values, nodes, n_nodes


@_exact
def outputs_of(features: Array, parameters: Array, widths: Ints) -> Array:
    """Return the outputs, shape (n_outputs, n_events), of layers with ReLU between them.

    Parameters
    ----------
    features : ndarray, shape (n_features, n_events)
    parameters : ndarray, shape (n_parameters,)
        Weights (n_out, n_in) and biases of one layer after the other.
    widths : ndarray of int, shape (n_layers + 1,)
        Numbers of features, of nodes of each hidden layer, and of outputs.
    """
    weights, _, biases = _unpack(parameters, widths)
    values, nodes, n_nodes = _workspace(features, widths, weights.shape[1])
    outputs = np.empty((widths[-1], features.shape[1]), features.dtype)
    for first in range(0, features.shape[1], BLOCK):
        _pass_block(values, nodes, n_nodes, widths, weights, biases, features, first)
        n_events = min(BLOCK, features.shape[1] - first)
        for row in range(widths[-1]):
            outputs[row, first : first + n_events] = values[-1, row, :n_events]
    return outputs


@_in_any_order
def gradient_of(features: Array, parameters: Array, widths: Ints, slopes: Array) -> Array:
    """Return the gradient with respect to the parameters.

    Parameters
    ----------
    features, parameters, widths
        As in :func:`outputs_of`.
    slopes : ndarray, shape (n_outputs, n_events)
        Gradient with respect to the outputs.

    Returns
    -------
    ndarray, shape (n_parameters,)
        Added up over blocks in float64.
    """
    weights, turned, biases = _unpack(parameters, widths)
    values, nodes, n_nodes = _workspace(features, widths, weights.shape[1])
    n_layers, below = len(widths) - 1, np.zeros_like(values)
    of_weights = np.zeros(weights.shape, np.float64)
    of_biases = np.zeros(biases.shape, np.float64)
    for first in range(0, features.shape[1], BLOCK):
        # To compute the values again is faster than to read them from memory.
        _pass_block(values, nodes, n_nodes, widths, weights, biases, features, first)
        n_events = min(BLOCK, features.shape[1] - first)
        for row in range(widths[-1]):
            below[-1, row, :n_events] = slopes[row, first : first + n_events]
            below[-1, row, n_events:] = 0
        for layer in range(n_layers - 1, -1, -1):
            rows, columns = nodes[layer + 1, : n_nodes[layer + 1]], nodes[layer, : n_nodes[layer]]
            above = below[layer + 1]
            add_outer(of_weights[layer], rows, columns, above, values[layer])
            for j in range(len(rows)):
                total, slope = features.dtype.type(0), above[j]
                for e in range(BLOCK):
                    total += slope[e]
                of_biases[layer, rows[j]] += total
            if layer > 0:
                below[layer, : len(columns)] = 0
                add_products(below[layer], turned[layer], columns, rows, above)
                for i in range(len(columns)):
                    slope, value = below[layer, i], values[layer, i]
                    for e in range(BLOCK):
                        slope[e] = slope[e] if value[e] > 0 else 0
    gradient = np.empty_like(parameters)
    at = 0
    for layer in range(n_layers):
        for j in range(widths[layer + 1]):
            for i in range(widths[layer]):
                gradient[at] = of_weights[layer, j, i]
                at += 1
        for j in range(widths[layer + 1]):
            gradient[at] = of_biases[layer, j]
            at += 1
    return gradient
