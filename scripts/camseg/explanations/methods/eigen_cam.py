"""Eigen-CAM (Bany Muhammad and Yeasin, 2020): what the features show most of, for no class."""

import numpy as np

ADDITIVE = False  # it knows no score


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return Eigen-CAMs (n, h, w) of features (n, h, w, k); the gradient counts for nothing.

    An image's features, a row per position and a column per channel, not centred, times their
    first right singular vector (in 64 bits). It is the same map for every class and every head.
    A singular vector has no sign: it is the one that makes the sum of the map positive or, if that
    is 0, its own largest entry. Not finite where a feature is not.
    """
    return np.einsum("nhwk,nhwk->nhw", features, weights(features, gradient))


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    The singular vector, held fixed, though features anywhere in the map turn it.
    """
    positions = features.reshape(len(features), -1, features.shape[3]).astype(np.float64)
    finite = np.isfinite(positions).all(axis=(1, 2))
    positions[~finite] = 0
    first = _first_right(positions)
    total = np.einsum("npk,nk->n", positions, first)
    largest = np.take_along_axis(first, np.abs(first).argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    first[np.where(total != 0, total, largest) < 0] *= -1
    first[~finite] = np.nan
    wide = first[:, np.newaxis, np.newaxis].astype(features.dtype)
    return np.broadcast_to(wide, features.shape)


def _first_right(matrices: np.ndarray) -> np.ndarray:
    """Return the first right singular vectors (n, k) of matrices (n, p, k); 0 of those all 0.

    By the eigenvectors of the smaller of both products of a matrix with itself.
    """
    turned = matrices.transpose(0, 2, 1)
    if matrices.shape[1] > matrices.shape[2]:
        found = np.linalg.eigh(turned @ matrices)[1][..., -1]
        found[~matrices.any(axis=(1, 2))] = 0
        return found
    left = np.linalg.eigh(matrices @ turned)[1][..., -1]
    found = (turned @ left[..., np.newaxis])[..., 0]
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, norms, out=np.zeros_like(found), where=norms > 0)
