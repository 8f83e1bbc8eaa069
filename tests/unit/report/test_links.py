from urllib.parse import parse_qsl

import pandas as pd

from camseg.report import links

PAGE = "../explorer/index.html"


def keys(address):
    page, _, keys = address.partition("#")
    assert page == PAGE
    return dict(parse_qsl(keys, strict_parsing=True))


def test_a_classifier_leads_to_its_maps_and_a_floor_to_none():
    table = pd.DataFrame({"Classifier": ["A & B=1", "all 255", "C"], "Dice": [0.4, 0.5, 0.3]})
    found = links.to_explorer(table, {"A & B=1", "C"})
    assert set(found) == {"Classifier"}
    first, floor, last = found["Classifier"]
    assert keys(first) == {"model": "A & B=1"}
    assert floor == ""
    assert keys(last) == {"model": "C"}


def test_a_row_leads_to_its_explanation_regime_and_split():
    table = pd.DataFrame(
        {"regime": ["cam"], "Classifier": ["A"], "split": ["split-0-seed-1"], "explanation": "rise"}
    )
    (address,) = links.to_explorer(table, ["A"])["Classifier"]
    assert keys(address) == {
        "model": "A",
        "explanation": "rise",
        "regime": "cam",
        "split": "split-0-seed-1",
    }


def test_used_candidates_lead_to_their_class_and_an_odd_one_to_itself():
    table = pd.DataFrame(
        [
            ("view", "usable", ""),
            ("abnormal ROI", "used", ""),
            ("abnormal ROI", "noted", "A-1.L.1.abnormal: only 9 of 256 levels: few"),
            ("normal ROI", "used", ""),
            ("normal ROI", "noted", "A-1.L.1.normal"),
            ("normal ROI", "dropped", "A-1.L.2.normal: overlaps"),
        ],
        columns=["what", "status", "example"],
    )
    found = links.of_candidates(table)
    led = [address and keys(address) for address in found["what"]]
    assert led == ["", {"class": "abnormal"}, "", {"class": "normal"}, "", ""]
    led = [address and keys(address) for address in found["example"]]
    assert led == ["", "", {"roi": "A-1.L.1.abnormal"}, "", {"roi": "A-1.L.1.normal"}, ""]
