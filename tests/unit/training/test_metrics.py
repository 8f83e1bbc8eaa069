import numpy as np
import pytest

from camseg.training import metrics


def test_loss_accuracy_and_probability():
    logits = np.array([[0, np.log(3)], [2, 2], [1000, 0]], np.float32)
    np.testing.assert_allclose(metrics.probability_abnormal(logits), [0.75, 0.5, 0])
    loss, accuracy = metrics.loss_and_accuracy(logits, np.array([1, 1, 0]))
    assert loss == pytest.approx((np.log(4 / 3) + np.log(2)) / 3)
    assert accuracy == pytest.approx(2 / 3)  # a tie is normal


def test_discrimination():
    probability, labels = np.array([0.1, 0.6, 0.4, 0.9, 0.5]), np.array([0, 0, 1, 1, 1])
    # of the 6 pairs, (0.6, 0.4) and (0.6, 0.5) stand the wrong way round
    assert metrics.discrimination(probability, labels) == pytest.approx(
        {"auc": 4 / 6, "sensitivity": 1 / 3, "specificity": 1 / 2}
    )
