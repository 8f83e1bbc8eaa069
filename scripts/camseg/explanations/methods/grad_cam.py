"""Grad-CAM (Selvaraju et al., 2017)."""

import numpy as np

ADDITIVE = True  # behind average pooling and one dense layer, its mean plus the bias is the margin


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return Grad-CAMs (n, h, w) of features f and gradients dY/df, both (n, h, w, k).

    The sum over channels of w_k f_k, where w_k is the sum of dY/df_k over the positions: the
    pooled weight of Selvaraju et al. times xy.
    """
    return np.einsum("nhwk,nk->nhw", features, gradient.sum(axis=(1, 2)))


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum."""
    return np.broadcast_to(gradient.sum(axis=(1, 2), keepdims=True), gradient.shape)
