"""Grad-CAM++ (Chattopadhay et al., 2018)."""

import numpy as np

ADDITIVE = False  # what speaks against the class is left out, and large features count for less


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return Grad-CAM++ maps (n, h, w) of features f and gradients g = dY/df, both (n, h, w, k).

    The sum over channels of w_k f_k, where w_k is the sum over positions of alpha max(g, 0) and
    alpha = g^2 / (2 g^2 + g^3 S_k), S_k being the sum of f_k over the positions (equation 19).
    These are the second and third derivatives of exp(Y) where Y is piecewise linear in f. The
    factor exp(Y) of all w_k, which no grey map shows and which overflows, is left out, and so is
    the ReLU of the map itself, which is the option `sign`. Where alpha is 0 / 0 it is 0; so is it
    where negative features make its denominator 0. Unlike the authors' program, their paper does
    not divide alpha by its sum over the positions.
    """
    return np.einsum("nhwk,nk->nhw", features, _channels(features, gradient))


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum.

    The channel's weight w_k, held fixed as Grad-CAM's is; S_k, by which features anywhere in the
    map move it a little, is held fixed with it.
    """
    return np.broadcast_to(_channels(features, gradient)[:, np.newaxis, np.newaxis], features.shape)


def _channels(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the weight of each channel, (n, k); alpha max(g, 0) = max(g, 0) / (2 + g S)."""
    below = 2 + gradient * features.sum(axis=(1, 2), keepdims=True)
    nothing = np.zeros_like(gradient)
    return np.divide(np.maximum(gradient, 0), below, out=nothing, where=below != 0).sum(axis=(1, 2))
