"""CAM (Zhou et al., 2016): the head's own weights, behind average pooling and one dense layer."""

import numpy as np

ADDITIVE = True  # behind average pooling and one dense layer, its mean plus the bias is the margin
ASKS = "head"  # for the head's weights in the gradient's place: it fits no other head


def maps(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return CAMs (n, h, w) of features f (n, h, w, k) and the head's weights v (n, 1, 1, k).

    The sum over channels of v_k f_k, where v is the explained score's gradient by the pooled
    features: of the class's logit its column of the dense layer, of the margin the difference of
    both. Exact: the mean of a map plus the bias is the score. Equal to Grad-CAM and HiResCAM there.
    """
    return np.einsum("nhwk,nk->nhw", features, gradient[:, 0, 0])


def weights(features: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return what each feature's value counts in its cell's, (n, h, w, k): the map is their sum."""
    return np.broadcast_to(gradient[:, :1, :1], features.shape)
