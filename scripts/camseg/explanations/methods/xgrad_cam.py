"""XGrad-CAM, the axiom-based Grad-CAM (Fu et al., 2020)."""

import numpy as np

ADDITIVE = True  # behind average pooling and one dense layer, its mean plus the bias is the margin


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return XGrad-CAMs (n, h, w) of features f and gradients dY/df, both (n, h, w, k).

    xy times the sum over channels of w_k f_k, where w_k is the mean of dY/df_k over the positions,
    each counted as its share of the sum of f_k. The mean of a map is therefore the sum of f dY/df
    over everything, the score itself if it is made of f by ReLU layers without bias (the axiom of
    conservation). Equal to Grad-CAM where the gradient of a channel is the same at every position,
    as behind a global average pooling, or the feature is. A channel whose sum is 0, as of one that
    is nowhere active, counts nothing. Meant for features that are not negative: the shares of
    others are no shares, and the weight of a channel that nearly cancels may be of any size.
    """
    return np.einsum("nhwk,nk->nhw", features, _channels(features, gradient))


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    The channel's weight, held fixed as Grad-CAM's is, though features anywhere in the map move it.
    """
    return np.broadcast_to(_channels(features, gradient)[:, np.newaxis, np.newaxis], features.shape)


def _channels(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the weight of each channel, (n, k)."""
    total, first_order = features.sum(axis=(1, 2)), (features * gradient).sum(axis=(1, 2))
    shared = np.divide(first_order, total, out=np.zeros_like(total), where=total != 0)
    return features[0, ..., 0].size * shared
