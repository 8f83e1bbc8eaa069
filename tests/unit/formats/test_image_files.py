import numpy as np
import pydicom
import pytest
from PIL import Image

from camseg.errors import CamsegError
from camseg.formats.image_files import eight_bit, read_grey, read_size
from conftest import write_dicom

RNG = np.random.default_rng(1)
BYTES = RNG.integers(0, 256, (7, 5), dtype=np.uint8)
WORDS = RNG.integers(0, 65536, (7, 5), dtype=np.uint16)


def pgm(pixels):
    """A binary PGM, written by hand: 16-bit samples are big-endian."""
    header = f"P5\n{pixels.shape[1]} {pixels.shape[0]}\n{np.iinfo(pixels.dtype).max}\n".encode()
    return header + pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("pixels", [BYTES, WORDS], ids=["8 bit", "16 bit"])
@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "dcm", "DCM"])
def test_grey_levels_come_back_as_written(tmp_path, pixels, suffix):
    path = tmp_path / f"image.{suffix}"
    if suffix == "pgm":
        path.write_bytes(pgm(pixels))
    elif suffix.lower() == "dcm":
        write_dicom(path, pixels)
    else:
        Image.fromarray(pixels).save(path)
    assert read_size(path) == (7, 5)
    assert np.array_equal(read_grey(path), pixels)


def test_compressed_dicom_is_decoded(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", WORDS)
    dataset = pydicom.dcmread(path)
    dataset.compress(pydicom.uid.RLELossless)
    dataset.save_as(path)
    assert np.array_equal(read_grey(path), WORDS)


def test_monochrome1_is_turned_so_that_dense_is_bright(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", WORDS, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(read_grey(path), 65535 - WORDS)


def test_grey_images_in_colour_files_are_taken_and_coloured_ones_refused(tmp_path):
    colours = np.repeat(BYTES[..., None], 3, axis=2)
    Image.fromarray(colours).save(tmp_path / "grey.png")
    assert np.array_equal(read_grey(tmp_path / "grey.png"), BYTES)
    colours[3, 3, 1] ^= 1
    Image.fromarray(colours).save(tmp_path / "colour.png")
    with pytest.raises(CamsegError, match=r"colour.png: is a colour image"):
        read_grey(tmp_path / "colour.png")


def write_frames(path):
    frames = [Image.fromarray(BYTES)] * 2
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [
        ("a.png", lambda path: None, "a.png is missing"),
        ("a.png", lambda path: path.write_text("no image"), "a.png: cannot be read: "),
        ("a.dcm", lambda path: path.write_text("no image"), "a.dcm: cannot be read: "),
        (
            "a.dcm",
            lambda path: write_dicom(path, BYTES, Rows=65535, Columns=65535),
            "a.dcm: its header says 65535 x 65535 pixels",
        ),
        ("a.tif", write_frames, "a.tif: holds 2 frames"),
        (
            "a.dcm",
            lambda path: write_dicom(path, np.tile(BYTES, (2, 1)), NumberOfFrames=2, Rows=7),
            "a.dcm: holds 2 frames",
        ),
        (
            "a.tif",
            lambda path: Image.fromarray(BYTES.astype(np.float32)).save(path),
            "a.tif: its pixels are F, not grey levels",
        ),
        (
            "a.dcm",
            lambda path: write_dicom(path, BYTES, SamplesPerPixel=3),
            "a.dcm: is a colour image",
        ),
    ],
)
def test_what_is_no_grey_image_is_refused_in_one_line(tmp_path, name, write, reason):
    write(tmp_path / name)
    for read in (read_size, read_grey):
        with pytest.raises(CamsegError) as caught:
            read(tmp_path / name)
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "dcm"])
def test_a_truncated_image_is_never_an_image(tmp_path, suffix):
    pixels = RNG.integers(0, 65536, (40, 30), dtype=np.uint16)
    path = tmp_path / f"a.{suffix}"
    if suffix == "pgm":
        path.write_bytes(pgm(pixels))
    elif suffix == "dcm":
        write_dicom(path, pixels)
    else:
        Image.fromarray(pixels).save(path)
    whole = path.read_bytes()
    for length in (0, 4, 300, len(whole) // 2, len(whole) - 200):
        path.write_bytes(whole[:length])
        with pytest.raises(CamsegError, match=f"a.{suffix}: cannot be read: "):
            read_grey(path)


def test_eight_bits_are_the_file_s_own_or_its_range():
    assert eight_bit(BYTES) is BYTES
    grey = np.array([[1000, 1510, 2020]], np.uint16)
    assert eight_bit(grey).tolist() == [[0, 128, 255]]
    assert eight_bit(grey.astype(np.int32) - 3000).tolist() == [[0, 128, 255]]
    assert eight_bit(np.full((2, 2), 7, np.uint16)).tolist() == [[0, 0], [0, 0]]
