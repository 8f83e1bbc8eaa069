import cv2
import numpy as np

from camseg.training import augmentation


def random_images(n=4, size=9):
    random = np.random.default_rng(1)
    return (
        cv2.GaussianBlur(random.random((size, size, n)), (5, 5), 2).transpose(2, 0, 1).astype("f")
    )


def test_nothing_asked_for_is_nothing_done():
    assert augmentation.draw(5, flips=False, rotation=0, seed=1, epoch=1) is None


def test_flips_by_hand():
    images = random_images()
    flips = np.array([[False, False], [True, False], [False, True], [True, True]])
    changed = augmentation.Augmentation(flips, np.zeros(4)).apply(images, np.arange(4))
    np.testing.assert_array_equal(changed[0], images[0])
    np.testing.assert_array_equal(changed[1], np.flipud(images[1]))
    np.testing.assert_array_equal(changed[2], np.fliplr(images[2]))
    np.testing.assert_array_equal(changed[3], np.rot90(images[3], 2))


def test_a_quarter_turn_is_counter_clockwise_about_the_centre():
    images = random_images(2)
    augment = augmentation.Augmentation(np.zeros((2, 2), bool), np.array([90.0, -90.0]))
    changed = augment.apply(images, np.arange(2))
    np.testing.assert_allclose(changed[0], np.rot90(images[0]), atol=1e-6)
    np.testing.assert_allclose(changed[1], np.rot90(images[1], -1), atol=1e-6)


def test_each_roi_has_its_own_change_whatever_the_batch():
    images = random_images(6)
    augment = augmentation.draw(6, flips=True, rotation=15, seed=1, epoch=3)
    together = augment.apply(images, np.arange(6))
    batch = np.array([4, 1])
    np.testing.assert_array_equal(augment.apply(images[batch], batch), together[batch])
    assert not np.array_equal(together, images)


def test_draws_follow_seed_and_epoch_and_keep_their_bounds():
    def draw(seed, epoch):
        return augmentation.draw(2000, flips=True, rotation=10, seed=seed, epoch=epoch)

    one, same = draw(1, 1), draw(1, 1)
    np.testing.assert_array_equal(one.degrees, same.degrees)
    np.testing.assert_array_equal(one.flips, same.flips)
    for other in (draw(2, 1), draw(1, 2)):
        assert not np.array_equal(one.degrees, other.degrees)
    assert np.abs(one.degrees).max() <= 10
    assert abs(one.degrees.mean()) < 0.5
    np.testing.assert_allclose(one.flips.mean(axis=0), 0.5, atol=0.05)
    assert abs(np.corrcoef(one.flips.T)[0, 1]) < 0.1
    turned = augmentation.draw(50, flips=False, rotation=10, seed=1, epoch=1)
    assert not turned.flips.any()
