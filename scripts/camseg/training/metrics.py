"""What a classifier's logits are worth: loss, accuracy, discrimination of the classes."""

import numpy as np
from sklearn.metrics import roc_auc_score


def loss_and_accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return mean softmax cross-entropy and accuracy of `logits` (n, 2); a tie is called normal."""
    scores = logits.astype(np.float64)
    own = np.where(labels == 1, scores[:, 1], scores[:, 0])
    loss = np.mean(np.logaddexp(scores[:, 0], scores[:, 1]) - own)
    return float(loss), float(np.mean(np.argmax(scores, axis=1) == labels))


def probability_abnormal(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of `logits` (n, 2) for column 1, (n,) float64."""
    scores = logits.astype(np.float64)
    return np.exp(scores[:, 1] - np.logaddexp(scores[:, 0], scores[:, 1]))


def discrimination(probability: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return area under the ROC curve, sensitivity and specificity of calling p > 0.5 abnormal."""
    called = probability > 0.5
    return {
        "auc": float(roc_auc_score(labels, probability)),
        "sensitivity": float(np.mean(called[labels == 1])),
        "specificity": float(np.mean(~called[labels == 0])),
    }
