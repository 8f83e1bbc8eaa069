from dataclasses import fields, replace

import pytest
import yaml

from camseg import named
from camseg.errors import CamsegError
from camseg.training import filtering
from camseg.training.filtering import FILTERS
from camseg.training.registry import REGIMES
from project import ROOT
from regimes import given, study

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


def test_table_modules_and_configuration_name_the_same_regimes():
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]["regimes"]["properties"]
    assert list(REGIMES) == ["original", *schema]
    assert sorted(REGIMES) == named.names(FILTERS)


LACKS = {
    "cams": "needs a CAM of each ROI, shape",
    "untrained": "needs the untrained network's map of each ROI, shape",
    "verdicts": "needs the network's verdict on each ROI",
}


@pytest.mark.parametrize("regime", REGIMES)
def test_regimes_refuse_to_go_without_what_they_need_and_need_no_more(regime):
    rois, cams = study()
    everything, needs = given(rois, cams), REGIMES[regime].needs
    assert set(LACKS) == {field.name for field in fields(everything)} >= set(needs)
    rest = {name: None for name in LACKS if name not in needs}
    filtering.weights(regime, rois, replace(everything, **rest), seed=0)
    for name in needs:
        with pytest.raises(CamsegError, match=f"^regime '{regime}': {LACKS[name]}"):
            filtering.weights(regime, rois, replace(everything, **{name: None}), seed=0)


def test_columns_and_markers_tell_regimes_apart():
    columns = [regime.column for regime in REGIMES.values()]
    assert len(set(columns)) == len(columns)
    markers = [regime.marker for regime in REGIMES.values() if regime.marker]
    assert len(set(markers)) == len(markers) == len(REGIMES) - 4  # all but the paper's own
    assert all(regime.multiplies for regime in REGIMES.values())


def test_comparisons_are_of_known_regimes_and_each_is_made_once():
    comparisons = [each for regime in REGIMES.values() for each in regime.comparisons]
    pairs = [(each.first, each.second) for each in comparisons]
    assert len(set(pairs)) == len(pairs)
    assert {name for pair in pairs for name in pair} == set(REGIMES)
    for name, regime in REGIMES.items():
        for each in regime.comparisons:
            assert name in (each.first, each.second)
            assert each.first != each.second
            assert each.claim in ("H1", "H2")
            readings = {each.higher, each.lower, each.undecided}
            assert len(readings) == 3 and all(readings)
