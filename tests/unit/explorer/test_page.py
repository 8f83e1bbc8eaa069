import json
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs

import h5py
import numpy as np
import pandas as pd
import pytest

from browser import open_page
from camseg.errors import CamsegError
from camseg.explorer import page
from camseg.io import store

SHOWN = "#model=Net&explanation=saliency&roi=C-0004-1.LEFT_CC.1.abnormal"
LINK = "C-0004-1.LEFT_CC.1.abnormal"


def table(folder, explanation, model):
    path = folder / explanation / model / "split-0.tsv"
    return pd.read_csv(path, sep="\t").set_index("roi_id")


def curve(folder, explanation, model, roi_id):
    with h5py.File(folder / explanation / model / "curves.h5") as file:
        (row,) = np.flatnonzero(file["roi_id"].asstr()[:] == roi_id)
        return file["curve"][row]


@pytest.fixture(scope="module")
def browser(explored):
    """The explorer in a browser, which asserts in the end that it asked for nothing outside."""
    with open_page(explored / "explorer/index.html") as driver:
        yield driver


@pytest.fixture
def driver(browser):
    """The same, as it is opened without an address."""
    browser.set_viewport_size({"width": 1280, "height": 800})
    read(browser)
    return browser


def read(driver, address="", roi=None):
    """Open the explorer at an address, and wait until a ROI is shown."""
    page_itself = driver.url.partition("#")[0]
    driver.goto("about:blank")
    driver.goto(page_itself + address)
    wait(driver, roi)


def wait(driver, roi=None):
    driver.wait_for_selector(f'html[data-shown="{roi}"]' if roi else "html[data-shown]")


def listed(driver):
    return driver.locator("#rows a").all_inner_texts()


def state(driver):
    return {key: value for key, (value,) in parse_qs(driver.url.partition("#")[2]).items()}


def slide(driver, t):
    driver.locator("#threshold").evaluate(
        "(slider, t) => { slider.value = t;"
        " slider.dispatchEvent(new Event('input', {bubbles: true})); }",
        t,
    )


def test_rows_are_sorted_by_a_click_and_what_has_no_value_comes_last(explored, driver):
    scores = table(explored, "grad_cam", "Net")
    assert driver.locator("#count").inner_text() == "10 of 10 ROIs"
    for name, column, key in (
        ("Dice", 6, "dice"), ("Placement", 7, "placement"), ("Lesion, mm²", 8, None),
    ):  # fmt: skip
        driver.get_by_role("button", name=name, exact=True).click()
        falling = driver.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
        if not falling:
            driver.get_by_role("button", name=name, exact=True).click()
        for direction in ("descending", "ascending"):
            texts = driver.locator(f"#rows td:nth-child({column})").all_inner_texts()
            values = [float(text) for text in texts if text]
            assert "" not in texts[: len(values)]
            assert values == sorted(values, reverse=direction == "descending")
            if key:
                expected = [scores[key][name] for name in listed(driver)]
                assert [f"{value:.3f}" if value == value else "" for value in expected] == texts
            driver.get_by_role("button", name=name, exact=True).click()


def test_filters_leave_what_they_say_and_stand_in_the_address(explored, driver):
    scores = table(explored, "grad_cam", "Net")
    driver.locator("#filters summary").click()
    for control, value, expected in (
        ("class", "normal", {name for name in scores.index if name.endswith(".normal")}),
        ("side", "unused", set(scores.index[scores["side"] == "unused"])),
        ("flag", "noted", {"A-0002-1.LEFT_CC.1.abnormal"}),
        ("flag", "map shows no place", {"B-0003-1.LEFT_CC.1.abnormal"}),
    ):
        driver.select_option(f"[name={control}]", value)
        assert set(listed(driver)) == expected
        assert state(driver)[control] == value
        driver.select_option(f"[name={control}]", "")
    middle = float(scores["dice"].median())
    driver.fill("[name=dice_from]", f"{middle:.4f}")
    assert set(listed(driver)) == set(scores.index[scores["dice"] >= round(middle, 4)])
    driver.fill("[name=find]", "d-0005")
    assert all(name.startswith("D-0005") for name in listed(driver))
    driver.get_by_role("button", name="Show all").click()
    assert len(listed(driver)) == 10


def test_a_verdict_is_right_where_the_probability_is_on_the_right_side(explored, driver):
    for model, regime in (("Net", "original"), ("Other", "cam")):
        read(driver, f"#model={model}&regime={regime}&sort=id")
        given = pd.read_csv(
            explored / regime / model / "split-0/predictions.tsv", sep="\t"
        ).set_index("roi_id")
        texts = driver.locator("#rows td:nth-child(5)").all_inner_texts()
        for name, text in zip(listed(driver), texts, strict=True):
            if name not in given.index:
                assert text == ""
                continue
            probability = given["probability"][name]
            right = (probability > 0.5) == (given["label"][name] == "abnormal")
            assert ("right" if right else "wrong") in text
            assert f"P {probability:.3f}" in text


def test_the_dice_shown_is_that_of_the_study_at_every_threshold(explored, driver):
    """And so is the place of the dot on the curve."""
    for explanation, model in (("saliency", "Other"), ("grad_cam", "Net")):
        address = f"#model={model}&explanation={explanation}&roi={LINK}"
        read(driver, address, LINK)
        dice = curve(explored, explanation, model, LINK)
        own = int(table(explored, explanation, model)["threshold"].iloc[0])
        assert driver.locator("#at").inner_text() == str(own)
        assert "(chosen)" in driver.locator("#score").inner_text()
        mean = table(explored, explanation, model)["dice"][LINK]
        assert f"mean over t: {mean:.3f}" in driver.locator("#score").inner_text()
        for t in (0, 31, 87, 140, 255):
            slide(driver, t)
            driver.wait_for_function(f"at('at').textContent === '{t}'")
            assert float(driver.locator("#dice").inner_text()) == pytest.approx(dice[t], abs=6e-4)
            assert state(driver)["t"] == str(t)
            x, y = driver.locator("#curve circle").evaluate(
                "dot => [dot.cx.baseVal.value, dot.cy.baseVal.value]"
            )
            left, right, top, bottom = driver.evaluate(
                "[GRAPH.left, GRAPH.right, GRAPH.top, GRAPH.bottom]"
            )
            assert (x - left) / (right - left) * 255 == pytest.approx(t, abs=0.1)
            assert (bottom - y) / (bottom - top) == pytest.approx(dice[t], abs=1e-3)
        driver.get_by_role("button", name="Chosen t").click()
        assert "t" not in state(driver)


def test_the_browser_unpacks_what_was_packed(explored, driver):
    read(driver, SHOWN, LINK)
    shown, mask = driver.evaluate(
        "(async () => [[...(await known.map(2)).grey], [...known.mask.grey]])()"
    )
    rois = store.read_rois([explored / "shard-0.h5"])
    (place,) = np.flatnonzero(rois.roi_id == LINK)
    cam = store.read_cams(explored / "saliency/Net/cams.h5", rois.roi_id[[place]]).cam[0]
    assert np.array_equal(np.reshape(shown, (32, 32)), cam)
    assert np.array_equal(np.reshape(mask, (32, 32)), rois.mask[place])


def test_a_contour_parts_what_is_above_from_what_is_not(driver):
    """Each line is closed, with all pixels' centres above the level inside, and no others."""
    odd = driver.evaluate("""() => {
      const context = document.createElement("canvas").getContext("2d"), odd = [];
      let seed = 1;
      const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;
      for (let turn = 0; turn < 20; turn++) {
        const side = 3 + turn % 9, level = Math.floor(256 * random()) + 0.5;
        const grey = Uint8Array.from({length: side * side}, () => 256 * random());
        const large = new Path2D();
        large.addPath(contour({side, grey}, level), new DOMMatrix([1000, 0, 0, 1000, 0, 0]));
        for (let place = 0; place < grey.length; place++) {
          const row = Math.floor(place / side), column = place % side;
          const [x, y] = [column, row].map(number => (number + 0.5) / side * 1000);
          const inside = context.isPointInPath(large, x, y, "evenodd");
          if (inside !== grey[place] > level) odd.push([turn, place]);
        }
      }
      return odd;
    }""")
    assert odd == []


def test_the_slider_moves_the_contour_and_the_opacity_the_map(explored, driver):
    read(driver, SHOWN + "&contour=no&outline=no", LINK)
    picture = "document.getElementById('large').toDataURL()"
    seen = {driver.evaluate(picture)}
    for key in ("c", "o", "]", "h"):
        driver.keyboard.press(key)
        driver.wait_for_timeout(50)
        seen.add(driver.evaluate(picture))
    assert len(seen) == 5
    assert state(driver)["opacity"] == "0"


def test_keys_go_through_rois_models_and_explanations(explored, driver):
    names = listed(driver)
    driver.keyboard.press("j")
    wait(driver, names[1])
    assert state(driver)["roi"] == names[1]
    driver.keyboard.press("k")
    wait(driver, names[0])
    driver.keyboard.press("m")
    assert state(driver)["model"] == "Other"
    driver.keyboard.press("e")
    assert state(driver)["explanation"] == "saliency"
    driver.keyboard.press("Shift+M")
    driver.keyboard.press("Shift+E")
    assert (state(driver)["model"], "explanation" in state(driver)) == ("Net", False)
    driver.keyboard.press("/")
    driver.keyboard.type("mjk")  # is typed, and goes nowhere
    assert state(driver)["find"] == "mjk"
    assert state(driver)["model"] == "Net"


def test_every_row_is_a_link_that_lands(explored, driver):
    read(driver, "#model=Other&explanation=saliency&t=99")
    links = driver.locator("#rows a").evaluate_all("links => links.map(link => link.href)")
    for link in links[:4]:
        read(driver, "#" + link.partition("#")[2])
        told = state(driver)
        wait(driver, told["roi"])
        assert (told["model"], told["explanation"], told["t"]) == ("Other", "saliency", "99")
        assert driver.locator("#name").inner_text() == told["roi"]
        assert driver.locator("tr.chosen a").inner_text() == told["roi"]
    driver.locator("#rows a").nth(6).click()
    chosen = listed(driver)[6]
    wait(driver, chosen)
    assert state(driver)["roi"] == chosen
    before = driver.url
    read(driver, "#model=Nobody&roi=A&t=256&x=1")
    assert driver.url != before
    for odd in ("model=Nobody", "roi=A", "t=256", "x=1"):
        assert odd in driver.locator("#count").inner_text()


def test_models_and_explanations_stand_beside_each_other(explored, driver):
    for beside, names, sets in (
        ("models", ["Net", "Other"], [("saliency", "Net"), ("saliency", "Other")]),
        ("explanations", ["Grad-CAM", "saliency"], [("grad_cam", "Net"), ("saliency", "Net")]),
    ):
        read(driver, f"{SHOWN}&beside={beside}", LINK)
        assert driver.locator("#others strong").all_inner_texts() == names
        for box, of in zip(driver.locator("#others a").all(), sets, strict=True):
            t = int(table(explored, *of)["threshold"].iloc[0])
            assert f"Dice {curve(explored, *of, LINK)[t]:.3f} at {t}" in box.inner_text()
            assert f"mean {table(explored, *of)['dice'][LINK]:.3f}" in box.inner_text()
    driver.locator("#others a").first.click()
    driver.wait_for_function("!location.hash.includes('saliency')")
    assert driver.locator("#others a[aria-current]").inner_text().startswith("Grad-CAM")


def test_the_box_lies_in_the_picture_where_the_roi_was_cut(explored, driver):
    rois = store.read_rois([explored / "shard-0.h5"])
    (box,) = rois.box[rois.roi_id == LINK]
    read(driver, SHOWN, LINK)
    assert driver.locator("#mammogram").get_attribute("viewBox") == "0 0 200 300"
    drawn = driver.locator("#mammogram rect").last
    assert [int(drawn.get_attribute(key)) for key in ("x", "y", "width", "height")] == list(box)


def test_a_normal_roi_has_maps_and_no_dice(explored, driver):
    read(driver, "#model=Net&roi=A-0001-1.LEFT_CC.1.normal", "A-0001-1.LEFT_CC.1.normal")
    assert "no Dice" in driver.locator("#score").inner_text()
    assert not driver.locator("#graph").is_visible()


def test_all_is_named_for_who_does_not_see_it(explored, driver):
    read(driver, SHOWN, LINK)
    for name in ("large", "mammogram", "curve"):
        assert driver.locator(f"#{name}").get_attribute("role") == "img"
        assert driver.locator(f"#{name}").get_attribute("aria-label")
    assert LINK in driver.locator("#large").get_attribute("aria-label")
    driver.locator("#filters summary").click()
    nameless = driver.locator("button, select, input, a").evaluate_all(
        "all => all.filter(each => !(each.textContent.trim() || each.labels?.length"
        " || each.ariaLabel)).map(each => each.outerHTML)"
    )
    assert nameless == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(driver, width):
    driver.set_viewport_size({"width": width, "height": 800})
    read(driver, SHOWN, LINK)
    assert driver.evaluate("document.documentElement.scrollWidth") <= width
    assert driver.evaluate("at('list').scrollWidth - at('list').clientWidth") <= 0


class Rows(HTMLParser):
    """The texts of the cells of the plain table, row by row, and its pictures."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.pictures, self.inside = [], 0, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self.inside = True
        elif "picture" in (dict(attributes).get("class") or ""):
            self.pictures += 1

    def handle_endtag(self, tag):
        self.inside &= tag != "td"

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_without_javascript_it_is_a_table_with_pictures(explored):
    text = (explored / "explorer/index.html").read_text()
    (plain,) = re.findall("<noscript>\n<main.*?</noscript>", text, re.S)
    found = Rows(plain)
    scores = table(explored, "grad_cam", "Net")
    rows = {row[2]: row for row in found.rows if row}
    assert set(rows) == set(scores.index)
    assert found.pictures == 2 * len(rows)
    for name, row in rows.items():
        dice = scores["dice"][name]
        assert row[7] == (f"{dice:.3f}" if dice == dice else "")
        assert row[3:5] == [scores["label"][name], scores["side"][name]]


def test_what_users_named_cannot_break_the_page(explored):
    text = (explored / "explorer/index.html").read_text()
    assert "a made-up &lt;study&gt;" in text
    assert "<BENIGN>" not in text
    (data,) = re.findall('id="data">(.*?)</script>', text, re.S)
    assert json.loads(data)["rois"]["pathology"][0] == "<BENIGN> & more"
    assert not re.search(r"(https?:)?//[\w.]+\.\w", re.sub("http://www.w3.org/2000/svg", "", text))


def test_a_template_and_its_parts_must_fit():
    assert page.fill("<!--a-->/*b*/", {"a": "<!--b-->", "b": "2"}) == "<!--b-->2"
    for parts in ({"a": ""}, {"a": "", "b": "", "c": ""}):
        with pytest.raises(CamsegError, match="no place, or nothing to put there"):
            page.fill("<!--a-->/*b*/", parts)
