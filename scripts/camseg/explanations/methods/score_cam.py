"""Score-CAM (Wang et al., 2020): each channel by the score of what it shows of the image."""

from collections.abc import Iterator

import numpy as np
from scipy.special import softmax

from camseg.explanations.absent import baseline, keeper
from camseg.explanations.scaling import to_grey

ASKS = "masks"  # for the scores of images that features have masked
ADDITIVE = False  # its weights are shares of 1, whatever the score


def inputs(images: np.ndarray, features: np.ndarray) -> Iterator[np.ndarray]:
    """Yield images (n, H, W, c) without anything, then as each channel of features shows them.

    A channel's map is enlarged bilinearly and scaled to 0..1 (in 255 steps); a constant one shows
    nothing.
    """
    keep = keeper(images)
    yield np.ascontiguousarray(baseline(images))
    for channel in range(features.shape[3]):
        grey = to_grey(features[..., channel], images.shape[1:3])
        yield keep(grey / np.float32(255))


def maps(features: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return Score-CAMs (n, h, w) of features f (n, h, w, k) and `scores` (1 + k, n).

    The sum over channels of w_k f_k, where w is the softmax over k of what the score of the image
    as the channel shows it exceeds that of nothing (algorithm 1). The ReLU of the map is the option
    `sign`.
    """
    return np.einsum("nhwk,nk->nhw", features, _channels(features, scores))


def weights(features: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    The channel's weight, held fixed.
    """
    shared = _channels(features, scores)[:, np.newaxis, np.newaxis]
    return np.broadcast_to(shared, features.shape)


def _channels(features: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the weight of each channel, (n, k)."""
    return softmax(scores[1:] - scores[0], axis=0).T.astype(features.dtype)
