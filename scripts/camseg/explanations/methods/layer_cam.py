"""LayerCAM (Jiang et al., 2021)."""

import numpy as np

ADDITIVE = False  # what speaks against the class is left out


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return LayerCAMs (n, h, w) of features f and gradients dY/df, both (n, h, w, k).

    xy times the sum over channels of f_k max(dY/df_k, 0), position by position: HiResCAM of the
    positive gradients alone. The ReLU of the map itself, Jiang et al.'s last step, is the option
    `sign`; of features that are not negative it changes nothing.
    """
    return np.einsum("nhwk,nhwk->nhw", features, weights(features, gradient))


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    It is the derivative of the cell by its features, too, with the gradient held fixed.
    """
    return features[0, ..., 0].size * np.maximum(gradient, 0)
