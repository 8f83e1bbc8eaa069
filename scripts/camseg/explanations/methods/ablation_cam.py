"""Ablation-CAM (Desai and Ramaswamy, 2020): each channel by what the score loses without it."""

from collections.abc import Iterator

import numpy as np

ASKS = "features"  # for the scores of the head of features of which a channel is missing
ADDITIVE = False  # a channel's loss is no share: what two lose together is not the sum


def inputs(features: np.ndarray) -> Iterator[np.ndarray]:
    """Yield features (n, h, w, k), each channel in turn set to 0."""
    for channel in range(features.shape[3]):
        without = features.copy()
        without[..., channel] = 0
        yield without


def maps(features: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return Ablation-CAMs (n, h, w) of features f (n, h, w, k) and `scores` (k, n).

    The sum over channels of w_k f_k, where w_k is what the score, `whole` (n,), loses without the
    channel. Desai and Ramaswamy divide by the score, which no grey map shows where it is positive,
    and which turns the map round where it is not: left out. Behind average pooling and one dense
    layer of weights v, w_k is v_k times the channel's mean. Their ReLU of the map is the option
    `sign`.
    """
    return np.einsum("nhwk,nk->nhw", features, _channels(features, scores, whole))


def weights(features: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    The channel's weight, held fixed.
    """
    lost = _channels(features, scores, whole)[:, np.newaxis, np.newaxis]
    return np.broadcast_to(lost, features.shape)


def _channels(features: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the weight of each channel, (n, k)."""
    return (whole - scores).T.astype(features.dtype)
