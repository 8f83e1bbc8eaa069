"""What a DICOM viewer shows bright is bright; what is padding is known."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from camseg.errors import CamsegError
from camseg.formats.dicom import read_picture
from conftest import write_dicom

RNG = np.random.default_rng(1)
TWELVE = RNG.integers(0, 4096, (7, 5), dtype=np.uint16)
STORED = {"BitsStored": 12, "HighBit": 11}


def lut(entries, first=0):
    """A sequence of one table, of 16-bit entries."""
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, 16]
    item.LUTData = np.asarray(entries, np.uint16).tobytes()
    item.ModalityLUTType = "OD"
    return [item]


@pytest.mark.parametrize("interpretation", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("slope", ["", 2, -1, -0.5])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_polarity_is_of_interpretation_and_slope_together(tmp_path, bits, slope, interpretation):
    pixels = (TWELVE.astype(int) % 2**bits).astype(np.uint8 if bits == 8 else np.uint16)
    elements = {"BitsStored": bits, "HighBit": bits - 1}
    if slope:
        elements |= {"RescaleSlope": str(slope), "RescaleIntercept": "7"}
    path = write_dicom(
        tmp_path / "a.dcm", pixels, PhotometricInterpretation=interpretation, **elements
    )
    picture = read_picture(path)
    shown = pixels.astype(float) * float(slope or 1)  # as a viewer computes it
    if interpretation == "MONOCHROME1":
        shown = -shown
    order = np.argsort(shown, axis=None, kind="stable")
    assert (np.diff(picture.grey.ravel()[order].astype(float)) >= 0).all()
    falls = (interpretation == "MONOCHROME1") != (float(slope or 1) < 0)
    assert np.array_equal(picture.grey, (2**bits - 1 - pixels) if falls else pixels)
    assert picture.padding is None


def test_signed_pixels_are_turned_without_overflow(tmp_path):
    pixels = np.array([[-2048, -1, 0, 2047]], np.int16)
    path = write_dicom(
        tmp_path / "a.dcm",
        pixels,
        PixelRepresentation=1,
        PhotometricInterpretation="MONOCHROME1",
        **STORED,
    )
    assert read_picture(path).grey.tolist() == [[2047, 0, -1, -2048]]


def test_a_modality_table_is_looked_up(tmp_path):
    entries = np.arange(4096)[::-1] * 3 + 100  # falls: dark is stored large
    path = write_dicom(tmp_path / "a.dcm", TWELVE, ModalityLUTSequence=lut(entries), **STORED)
    assert np.array_equal(read_picture(path).grey, entries[TWELVE])


def test_a_table_for_display_that_falls_turns_the_picture(tmp_path):
    falling = lut(np.arange(4096)[::-1])
    path = write_dicom(tmp_path / "a.dcm", TWELVE, VOILUTSequence=falling, **STORED)
    assert np.array_equal(read_picture(path).grey, 4095 - TWELVE)
    rising = lut(np.arange(4096))
    path = write_dicom(tmp_path / "a.dcm", TWELVE, VOILUTSequence=rising, **STORED)
    assert np.array_equal(read_picture(path).grey, TWELVE)


def test_few_bits_in_bytes_are_not_taken_for_eight(tmp_path):
    pixels = np.array([[0, 31, 63]], np.uint8)
    path = write_dicom(
        tmp_path / "a.dcm",
        pixels,
        BitsStored=6,
        HighBit=5,
        PhotometricInterpretation="MONOCHROME1",
    )
    grey = read_picture(path).grey
    assert grey.dtype == np.uint16
    assert grey.tolist() == [[63, 32, 0]]


def test_an_overlay_in_unused_bits_is_no_grey(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", TWELVE | 0x8000, **STORED)
    assert np.array_equal(read_picture(path).grey, TWELVE)


@pytest.mark.parametrize("interpretation", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_the_value_or_up_to_its_limit(tmp_path, interpretation):
    pixels = np.array([[0, 1, 2, 3, 500, 4000]], np.uint16)
    shown = {"PhotometricInterpretation": interpretation}
    path = write_dicom(tmp_path / "a.dcm", pixels, PixelPaddingValue=0, **shown)
    assert read_picture(path).padding.tolist() == [[True, False, False, False, False, False]]
    path = write_dicom(
        tmp_path / "a.dcm", pixels, PixelPaddingValue=0, PixelPaddingRangeLimit=2, **shown
    )
    assert read_picture(path).padding.tolist() == [[True, True, True, False, False, False]]
    path = write_dicom(
        tmp_path / "a.dcm", pixels, PixelPaddingValue=4095, PixelPaddingRangeLimit=4000, **shown
    )
    assert read_picture(path).padding.tolist() == [[False] * 5 + [True]]
    path = write_dicom(tmp_path / "a.dcm", pixels, PixelPaddingValue=77, **shown)
    assert read_picture(path).padding is None


def test_padding_of_signed_pixels(tmp_path):
    pixels = np.array([[-2000, 0, 5]], np.int16)
    path = write_dicom(tmp_path / "a.dcm", pixels, PixelRepresentation=1, PixelPaddingValue=-2000)
    assert read_picture(path).padding.tolist() == [[True, False, False]]


def test_padding_of_signed_pixels_may_be_written_as_if_unsigned(tmp_path):
    pixels = np.array([[-2000, 0, 5]], np.int16)
    path = write_dicom(tmp_path / "a.dcm", pixels, PixelRepresentation=1)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x00280120, "US", 65536 - 2000)
    dataset.save_as(path)
    assert read_picture(path).padding.tolist() == [[True, False, False]]


def test_a_picture_that_is_all_padding_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", np.zeros((3, 4), np.uint16), PixelPaddingValue=0)
    with pytest.raises(CamsegError, match="all of it is padding"):
        read_picture(path)
