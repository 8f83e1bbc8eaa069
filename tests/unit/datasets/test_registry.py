import inspect
import re

import pytest
import yaml

from camseg import named
from camseg.datasets import views
from camseg.datasets.readers import Reader, reader
from camseg.datasets.registry import SOURCES, require_cases
from camseg.errors import CamsegError
from project import ROOT

FUNCTIONS = ("index_cases", "lesions", "read_view")
NO_ICS = (
    "no .ics file at any depth below it; put DDSM case folders there "
    "(resources/ddsm/README.md says how), or set dataset: path to where they are"
)
NO_CSV = (
    "no mass_case_description_train_set.csv or the like at any depth below it; put CBIS-DDSM's "
    "CSVs and images there (docs/datasets.md says how), or set dataset: path to where they are"
)
NO_TABLE = (
    "is no file; set dataset: path to the table of images itself "
    "(docs/datasets.md says what stands in it)"
)
NO_INFO = (
    "no Info.txt at any depth below it; put mini-MIAS there, Info.txt and films (docs/data.md says "
    "how), or set dataset: path to where they are"
)
NO_INBREAST = (
    "no INbreast.csv at any depth below it; put INbreast there, its INbreast.xls saved as "
    "INbreast.csv (docs/data.md says how), or set dataset: path to where they are"
)


@pytest.mark.parametrize("place", ["", "lost"])
@pytest.mark.parametrize(
    ("source", "message"),
    [
        *[("phantom", NO_ICS), ("ddsm", NO_ICS), ("cbis_ddsm", NO_CSV), ("table", NO_TABLE)],
        ("mini_mias", NO_INFO),
        ("inbreast", NO_INBREAST),
        ("maps", "has no maps: put them into {}/maps (docs/own_maps.md says how)"),
    ],
)
def test_every_source_without_data_is_one_clear_error(tmp_path, source, message, place):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(CamsegError) as caught:
        require_cases(SOURCES[source], tmp_path / place)
    assert str(caught.value) == f"{tmp_path / place}: {message.format(tmp_path / place)}"
    (page,) = re.findall(r"\((\S+\.md) says", message)
    assert (ROOT / page).is_file()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("phantom", "a/case0001/B-0001-1.ics"),
        ("ddsm", "a/case0001/B-0001-1.ICS.gz"),
        ("cbis_ddsm", "csv/calc_case_description_test_set.csv"),
        ("mini_mias", "all-mias/Info.txt"),
        ("inbreast", "INbreast Release 1.0/INbreast.csv"),
    ],
)
def test_a_folder_with_a_list_of_cases_has_what_is_required(tmp_path, source, name):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("")
    require_cases(SOURCES[source], tmp_path)


def test_a_table_lists_itself(tmp_path):
    (tmp_path / "any.name").write_text("")
    require_cases(SOURCES["table"], tmp_path / "any.name")


def test_maps_and_masks_are_what_is_required_of_a_source_of_maps(tmp_path):
    for name in ("maps/a.npy", "masks/a.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    require_cases(SOURCES["maps"], tmp_path)


def test_the_configuration_can_choose_every_source_and_no_other():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    choices = schema["properties"]["dataset"]["properties"]["source"]["enum"]
    assert sorted(choices) == sorted(SOURCES)


OF_CASES = [name for name in SOURCES if name != "maps"]


@pytest.mark.parametrize("source", OF_CASES)
def test_every_source_of_cases_is_read_by_a_module_with_the_functions_of_a_reader(source):
    module = reader(SOURCES[source].reader)
    assert module.__name__ == f"camseg.datasets.sources.{SOURCES[source].reader}"
    for name in FUNCTIONS:
        wanted = list(inspect.signature(getattr(Reader, name)).parameters)
        assert list(inspect.signature(getattr(module, name)).parameters) == wanted[1:]  # no self


def test_every_reader_is_that_of_some_source():
    assert set(named.names(views.SOURCES)) == {SOURCES[name].reader for name in OF_CASES}
