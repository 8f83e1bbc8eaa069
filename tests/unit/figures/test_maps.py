import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import render_figure7
import render_figure9
import render_figure10
from camseg.explanations.registry import EXPLANATIONS
from camseg.figures import maps
from camseg.figures.style import save
from camseg.io import store
from camseg.rois import split
from camseg.training import filtering

SIZE = 24
MODELS = ["Xception", "VGG16"]
TO = ["--caption", "caption.rst", "--output", "x.svg"]


def make_rois(pairs: int) -> store.Rois:
    """Pairs of ROIs of as many patients, abnormal and normal, all different."""
    random = np.random.default_rng(0)
    n = 2 * pairs
    mask = np.zeros((n, SIZE, SIZE), np.uint8)
    for roi in range(0, n, 2):
        mask[roi, 4 : 10 + roi % 13, 5 : 12 + roi % 7] = 1
    cases = [f"B-{number:04}-1" for number in np.repeat(np.arange(pairs), 2)]
    labels = np.tile(["abnormal", "normal"], pairs)
    ids = [f"{case}.LEFT_CC.1.{label}" for case, label in zip(cases, labels, strict=True)]
    text = np.array(["x"] * n, object)
    return store.Rois(
        image=random.integers(0, 256, (n, SIZE, SIZE), np.uint8),
        mask=mask,
        label=(labels == "abnormal").astype(np.uint8),
        roi_id=np.array(ids, object),
        patient_id=np.array(cases, object),
        view=text,
        pathology=text,
        lesion_type=text,
        box=np.tile(np.array([0, 0, 50, 60], np.int32), (n, 1)),
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The files of a study of twelve pairs of ROIs and two models, as the workflow writes them."""
    folder = tmp_path_factory.mktemp("study")
    random = np.random.default_rng(1)
    rois = make_rois(12)
    store.write_shard(folder / "shard.h5", rois, source="test")
    side = np.array(["train"] * 10 + ["unused"] * 2 + ["validation"] * 12, object)
    table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": side})
    split.write_split(folder / "split-0.tsv", table)
    table["label"] = np.array(["normal", "abnormal"])[rois.label]
    for model in MODELS:
        cam = random.integers(0, 256, rois.image.shape, np.uint8)
        raw = np.zeros((len(rois), 2, 2), np.float32)
        store.write_cams(
            folder / f"{model}.h5", cam=cam, raw=raw, roi_id=rois.roi_id, options={"model": model}
        )
        table["dice"] = np.where(rois.label == 1, random.uniform(0, 1, len(rois)), np.nan)
        table.to_csv(folder / f"{model}.tsv", sep="\t", index=False)
    return folder, rois, side


@pytest.fixture
def drawn(study, monkeypatch):
    """What a script hands to the figure it draws: positional arguments."""
    folder, _, _ = study
    monkeypatch.chdir(folder)

    def draw(script, arguments: str) -> tuple:
        found = []
        name = script.__name__.removeprefix("render_")
        monkeypatch.setattr(maps, name, lambda *data: found.append(data))
        monkeypatch.setattr(script, "save", lambda *written: None)
        (folder / "caption.rst").write_text("Words.")
        monkeypatch.setattr(sys, "argv", ["script", *arguments.split(), *TO])
        script.main()
        return found[0]

    return draw


def panels(figure) -> list:
    """The panels that show an image, but the colour bar."""
    shown = [axes for axes in figure.axes if axes.get_images()]
    return [axes for axes in shown if axes.get_images()[0].get_array().shape != (1, 256)]


def image_in(axes) -> np.ndarray:
    return np.asarray(axes.get_images()[0].get_array())


def titles(figure) -> list[str]:
    return [axes.get_title() for axes in panels(figure)]


def assert_clear(figure) -> None:
    """No text leaves the figure, or touches another one or an image."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [*figure.texts, *(text for axes in figure.axes for text in [axes.title, *axes.texts])]
    texts = [text for text in texts if text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in texts]
    images = [axes.get_window_extent(renderer) for axes in figure.axes if axes.get_images()]
    for number, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text
        for other in [*boxes[:number], *images]:
            assert not box.overlaps(other), text


def test_dice_is_read_of_abnormal_validation_rois(study):
    folder, rois, side = study
    dice = maps.read_dice({model: folder / f"{model}.tsv" for model in MODELS})
    assert list(dice.columns) == MODELS
    assert list(dice.index) == list(rois.roi_id[(rois.label == 1) & (side == "validation")])
    table = pd.read_csv(folder / "VGG16.tsv", sep="\t").set_index("roi_id")
    assert (dice["VGG16"] == table["dice"][dice.index]).all()


def test_the_roi_shown_has_the_median_of_the_mean_dice():
    dice = pd.DataFrame({"A": [0.1, 0.9, 0.2, 0.0, 0.6], "B": [0.7, 0.9, 0.4, 0.0, 0.5]})
    dice.index = list("abcde")  # means 0.4, 0.9, 0.3, 0, 0.55
    assert maps.median_roi(dice) == "a"
    assert maps.median_roi(dice.sample(frac=1, random_state=1)) == "a"
    assert maps.median_roi(dice.drop("b")) == "a"  # the upper one of 0.3 and 0.4
    assert maps.median_roi(dice[["A"]]) == "c"
    assert maps.median_roi(pd.DataFrame({"A": [0.5] * 3}, index=list("zyx"))) == "y"


def test_the_normal_roi_is_the_partner_or_else_the_first():
    rois = make_rois(3)
    first, second, third = (f"B-000{number}-1.LEFT_CC.1" for number in range(3))
    assert maps.normal_partner(f"{second}.abnormal", rois) == f"{second}.normal"
    rest = rois.take(rois.roi_id != f"{second}.normal")
    assert maps.normal_partner(f"{second}.abnormal", rest) == f"{first}.normal"
    assert maps.normal_partner(f"{third}.abnormal", rest) == f"{third}.normal"


def test_lesions_are_spread_by_their_area_in_the_source_image():
    rois = make_rois(5)
    rois = rois.take(rois.label == 1)
    rois.mask[:] = 0
    rois.mask[:, :6, :4] = 1  # a 24th of each ROI
    rois.box[:, 2:] = [[40, 90], [20, 20], [300, 400], [30, 30], [20, 45]]
    assert list(maps.by_size(rois, 5)) == [1, 3, 4, 0, 2]  # 3 and 4 are equal: by id
    assert list(maps.by_size(rois, 1)) == [4]
    rois.mask[1] = 1  # 400 pixels of lesion
    assert list(maps.by_size(rois, 9)) == [3, 4, 0, 1, 2]


@pytest.mark.parametrize("count", [1, 2, 3, 6, 12])
def test_figure7_shows_the_roi_its_mask_and_every_models_cam(count):
    roi = make_rois(1).take([0])
    names = ["NASNetMobile", "DenseNet121", "flat-VGG19_with a-long name", "X" * 40]
    names = [f"{names[number % 4]}{number}" for number in range(count)]
    random = np.random.default_rng(0)
    cams = {name: random.integers(0, 256, (SIZE, SIZE), np.uint8) for name in names}
    dice = {name: number / 100 for number, name in enumerate(names)}
    figure = maps.figure7(roi, cams, dice)
    shown = panels(figure)
    assert len(shown) == count + 2
    assert (image_in(shown[0]) == roi.image[0]).all()
    assert (image_in(shown[1]) == 255 * roi.mask[0]).all()
    for axes, (name, cam) in zip(shown[2:], cams.items(), strict=True):
        assert (image_in(axes) == cam).all()
        assert axes.get_title().replace("\n", "") == f"{name}Dice {dice[name]:.3f}"
        assert axes.get_images()[0].get_clim() == (0, 255)
        assert axes.get_images()[0].get_cmap().name == "viridis"
        (outline,) = axes.patches
        assert outline.get_xy().min(axis=0).tolist() == [5.5, 4.5]
    texts = [text.get_text() for text in figure.texts]
    assert texts == [f"ROI {roi.roi_id[0]}; white: the lesion's outline"]
    assert figure.get_figwidth() * 25.4 == pytest.approx(175)
    assert figure.get_figheight() * 25.4 < 250
    assert_clear(figure)


@pytest.mark.parametrize("count", [15, 18, 20])
def test_the_maps_of_all_methods_fit_a_page(count):
    titles = [method.title for method in EXPLANATIONS.values()][-count:]
    cams = dict.fromkeys(titles, np.zeros((SIZE, SIZE), np.uint8))
    figure = maps.figure7(make_rois(1).take([0]), cams, dict.fromkeys(titles, 0.5))
    assert len(panels(figure)) == count + 2
    assert figure.get_figheight() * 25.4 < 250
    assert min(axes.title.get_fontsize() for axes in panels(figure)) > 8
    assert_clear(figure)


def test_figure7_is_drawn_of_the_chosen_roi(study, drawn):
    folder, rois, _ = study
    arguments = "--shards shard.h5 --models Xception VGG16 --cams Xception.h5 VGG16.h5"
    roi, cams, dice = drawn(render_figure7, f"{arguments} --dice Xception.tsv VGG16.tsv")
    (place,) = np.flatnonzero(rois.roi_id == roi.roi_id[0])
    assert (roi.mask[0] == rois.mask[place]).all()
    means = 0
    for model in MODELS:
        assert (cams[model] == store.read_cams(folder / f"{model}.h5").cam[place]).all()
        table = pd.read_csv(folder / f"{model}.tsv", sep="\t")
        assert dice[model] == table["dice"][place]
        means += table["dice"][(table["side"] == "validation") & (table["label"] == "abnormal")]
    assert (means < means[place]).sum() == 3  # of six
    assert place in means.index


def test_figure9_shows_what_the_networks_saw(study, drawn):
    """Oracle: the weights as a training gets them, of all ROIs of the split."""
    folder, rois, side = study
    arguments = "--shards shard.h5 --split split-0.tsv --dice Xception.tsv VGG16.tsv --seed 7"
    arguments += " --model VGG16 --cams VGG16.h5"
    shown, cam, mask, inverse, model = drawn(render_figure9, arguments)
    assert model == "VGG16"
    assert (cam == store.read_cams(folder / "VGG16.h5", shown.roi_id).cam).all()
    used = rois.take(side == "validation")
    expected = filtering.weights("mask", used, filtering.Given(), seed=7)(np.arange(len(used)))
    places = [list(used.roi_id).index(roi_id) for roi_id in shown.roi_id]
    assert shown.label.tolist() == [1, 0]
    assert shown.patient_id[0] == shown.patient_id[1]
    assert (mask == expected[places]).all()
    assert (inverse == 255 - expected[places]).all()
    assert (mask[0] == 255 * shown.mask[0]).all()
    assert (mask[1] != mask[0]).any()  # another patient's


def test_figure9_shows_rois_masks_and_what_they_leave():
    rois = make_rois(1)
    mask = 255 * np.stack([rois.mask[0], np.rot90(rois.mask[0])])
    cam = np.random.default_rng(0).integers(0, 256, mask.shape, np.uint8)
    figure = maps.figure9(rois, cam, mask, 255 - mask, "VGG16")
    shown = np.reshape(panels(figure), (2, 6))
    for roi, row in enumerate(shown):
        image, weights, dimmed, used, kept, rest = map(image_in, row)
        assert (image == rois.image[roi]).all()
        assert (weights == cam[roi]).all()
        np.testing.assert_allclose(dimmed, image * (cam[roi] / 255), rtol=1e-6)
        assert (used == mask[roi]).all()
        assert (kept == np.where(mask[roi], image, 0)).all()
        assert (rest == np.where(mask[roi], 0, image)).all()
    texts = [row[0].texts[0].get_text() for row in shown]
    assert texts == [f"Abnormal ROI {rois.roi_id[0]}", f"Normal ROI {rois.roi_id[1]}"]
    assert_clear(figure)


def test_figure10_is_drawn_of_validation_rois(study, drawn):
    folder, rois, side = study
    arguments = "--shards shard.h5 --model VGG16 --cams VGG16.h5 --dice VGG16.tsv"
    shown, cams, dice, model = drawn(render_figure10, arguments)
    assert model == "VGG16"
    assert sorted(shown.roi_id) == list(rois.roi_id[(side == "validation") & (rois.label == 1)])
    assert (np.diff(shown.mask.sum(axis=(1, 2)).astype(int)) >= 0).all()  # all boxes are equal
    assert (cams == store.read_cams(folder / "VGG16.h5", shown.roi_id).cam).all()
    table = pd.read_csv(folder / "VGG16.tsv", sep="\t").set_index("roi_id")
    assert dice == list(table["dice"][shown.roi_id])


@pytest.mark.parametrize("count", [1, 3, 8, 10])
def test_figure10_has_each_cam_below_its_roi(count):
    rois = make_rois(count)
    rois = rois.take(rois.label == 1)
    cams = np.random.default_rng(1).integers(0, 256, rois.image.shape, np.uint8)
    dice = np.linspace(0, 1, count)
    figure = maps.figure10(rois, cams, dice, "Xception")
    shown = {tuple(image_in(axes).ravel()): axes for axes in panels(figure)}
    assert len(shown) == 2 * count
    for roi in range(count):
        above, below = shown[tuple(rois.image[roi].ravel())], shown[tuple(cams[roi].ravel())]
        assert above.get_position().x0 == below.get_position().x0
        assert above.get_position().y0 > below.get_position().y1
        assert above.get_title().replace("\n", ".") + ".abnormal" == rois.roi_id[roi]
        assert below.get_title() == f"Dice {dice[roi]:.3f}"
        assert len(below.patches) == 1
    assert [text.get_text() for text in figure.texts] == [
        "CAMs of Xception; white: the lesion's outline"
    ]
    assert_clear(figure)


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (30, 300), (300, 30), (50, 50)])
def test_figure1_shows_image_overlay_map_and_product(shape):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (*shape, 3), np.uint8)
    cam = random.integers(0, 256, shape, np.uint8)
    cam[0, :3], image[0, :3] = (0, 255, 51), (100, 100, 100)
    figure = maps.figure1(image, cam, "African_elephant, probability 0.912")
    plain, overlay, grey, filtered = map(image_in, panels(figure))
    assert (plain == image).all()
    assert (grey == cam).all()
    assert filtered[0, :3, 1] == pytest.approx(np.array([0, 100, 20]) / 255)
    # viridis runs from #440154 to #fde724
    assert overlay[0, 0] == pytest.approx(np.array([168, 101, 184]) / 510)
    assert overlay[0, 1] == pytest.approx(np.array([353, 331, 136]) / 510)
    assert [title[:3] for title in titles(figure)] == ["(a)", "(b)", "(c)", "(d)"]
    assert figure.texts[0].get_text() == "African_elephant, probability 0.912"
    assert figure.get_figheight() * 25.4 < 250
    assert_clear(figure)


def test_the_same_to_the_byte(tmp_path):
    roi = make_rois(1).take([0])
    for run in ("first", "second"):
        figure = maps.figure7(roi, {"A": roi.image[0]}, {"A": 0.5})
        save(figure, [tmp_path / f"{run}.svg", tmp_path / f"{run}.png"])
    for suffix in ("svg", "png"):
        first, second = (tmp_path / f"{run}.{suffix}" for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
