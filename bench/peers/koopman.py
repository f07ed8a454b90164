"""Hankel DMD of a trajectory of hypergradients, and the value it settles at (NumPy, float64)."""

import numpy as np

# Rows from which a factorisation first pays.
TALL = 200


def steady_state(trajectory, stacks, tolerance, rcond=1e-6):
    """(estimate, whether any mode was kept) from rows in time order.

    The default `rcond` is that of a trajectory measured in float32. Without a mode within
    `tolerance` of 1, after division by a spectral radius above 1, the estimate is the last row.
    """
    rows = np.asarray(trajectory, np.float64)
    count, features = rows.shape
    windows = np.lib.stride_tricks.sliding_window_view(rows.ravel(), stacks * features)
    stacked = windows[::features].T
    before, after = stacked[:, :-1], stacked[:, 1:]

    left, sizes, right = np.linalg.svd(before, full_matrices=False)
    rank = np.count_nonzero(sizes > rcond * sizes[0])
    if rank == 0:
        return rows[-1], False
    advanced = after @ right[:rank].T / sizes[:rank]
    eigenvalues, vectors = np.linalg.eig(left[:, :rank].T @ advanced)
    eigenvalues = eigenvalues / max(1.0, np.abs(eigenvalues).max())
    kept = np.abs(eigenvalues - 1) < tolerance
    if not kept.any():
        return rows[-1], False
    modes, first = advanced @ vectors, before[:, 0]
    if len(first) >= TALL:
        # The same fit within the span of the modes, by real factors: a complex one of all rows costs more.
        basis, factor = np.linalg.qr(advanced)
        amplitudes, *_ = np.linalg.lstsq(factor @ vectors, basis.T @ first, rcond=None)
    else:
        amplitudes, *_ = np.linalg.lstsq(modes, first.astype(complex), rcond=None)
    return (modes[:features, kept] @ amplitudes[kept]).real, True
