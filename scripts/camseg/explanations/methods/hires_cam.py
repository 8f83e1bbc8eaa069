"""HiResCAM (Draelos and Carin, 2020): equation 8 of the paper to the letter."""

import numpy as np

ADDITIVE = True  # behind average pooling and one dense layer, its mean plus the bias is the margin


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return HiResCAMs (n, h, w) of features f and gradients dY/df, both (n, h, w, k).

    xy times the sum over channels of f_k dY/df_k, position by position. Equal to Grad-CAM where
    the gradient is the same at every position, as behind a global average pooling.
    """
    return features[0, ..., 0].size * np.einsum("nhwk,nhwk->nhw", features, gradient)


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum."""
    return gradient[0, ..., 0].size * gradient
