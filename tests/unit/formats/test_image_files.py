"""What files show, whatever they are: the values of every kind of file that is read."""

import struct
import zlib

import imagecodecs
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image

from camseg.errors import CamsegError
from camseg.formats.image_files import is_dicom, read_picture, read_size
from conftest import write_dicom

RNG = np.random.default_rng(1)
BYTES = RNG.integers(0, 256, (7, 5), dtype=np.uint8)
WORDS = RNG.integers(0, 65536, (7, 5), dtype=np.uint16)
SMALL = RNG.integers(0, 4096, (7, 5), dtype=np.uint16)  # 12 bits in 16


def read_grey(path):
    return read_picture(path).grey


def pgm(pixels):
    """A binary PGM, written by hand: 16-bit samples are big-endian."""
    header = f"P5\n{pixels.shape[1]} {pixels.shape[0]}\n{np.iinfo(pixels.dtype).max}\n".encode()
    return header + pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()


def with_exif_last(png, orientation):
    """A PNG with an EXIF block after its pixels, written by hand."""
    block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(
        ">HHI", orientation, 0, 0
    )
    kind = b"eXIf"
    chunk = struct.pack(">I", len(block)) + kind + block
    return png[:-12] + chunk + struct.pack(">I", zlib.crc32(kind + block)) + png[-12:]


@pytest.mark.parametrize("pixels", [BYTES, WORDS], ids=["8 bit", "16 bit"])
@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "dcm", "dicom", "DCM"])
def test_grey_levels_come_back_as_written(tmp_path, pixels, suffix):
    path = tmp_path / f"image.{suffix}"
    if suffix == "pgm":
        path.write_bytes(pgm(pixels))
    elif suffix in ("png", "tif"):
        Image.fromarray(pixels).save(path)
    else:
        write_dicom(path, pixels)
    assert read_size(path) == (7, 5)
    assert np.array_equal(read_grey(path), pixels)


def test_what_a_file_is_its_content_tells(tmp_path):
    write_dicom(tmp_path / "a.png", WORDS)
    write_dicom(tmp_path / "IMG0001", WORDS)
    Image.fromarray(WORDS).save(tmp_path / "b.png")
    (tmp_path / "b.png").rename(tmp_path / "b.dcm")
    tifffile.imwrite(tmp_path / "c.jpg", WORDS)
    for name in ("a.png", "IMG0001", "b.dcm", "c.jpg"):
        assert np.array_equal(read_grey(tmp_path / name), WORDS)
        assert is_dicom(tmp_path / name) == (name in ("a.png", "IMG0001"))


@pytest.mark.parametrize("samples", [2, 3, 4], ids=["grey and alpha", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["png", "tif", "planes.tif", "lzw.tif", "big.tif"])
def test_sixteen_bits_stay_sixteen_in_every_layout(tmp_path, kind, samples):
    path = tmp_path / f"a.{kind}"
    pixels = np.repeat(SMALL[..., None], samples, axis=2)
    alpha = pixels[..., -1] = WORDS
    if samples == 3:
        pixels[..., -1] = SMALL
    if kind == "png":
        path.write_bytes(imagecodecs.png_encode(pixels))
    else:
        options = {
            "photometric": "minisblack" if samples == 2 else "rgb",
            "extrasamples": () if samples == 3 else ("unassalpha",),
            "planarconfig": "separate" if kind == "planes.tif" else "contig",
            "compression": "lzw" if kind == "lzw.tif" else None,
            "bigtiff": kind == "big.tif",
        }
        if kind == "planes.tif":
            pixels = np.moveaxis(pixels, -1, 0)
        tifffile.imwrite(path, pixels, **options)
    picture = read_picture(path)
    assert picture.grey.dtype == np.uint16
    assert np.array_equal(picture.grey, SMALL)
    assert read_size(path) == (7, 5)
    assert (picture.alpha is None) if samples == 3 else np.array_equal(picture.alpha, alpha)


def test_colour_at_sixteen_bits_is_seen_as_colour(tmp_path):
    pixels = np.repeat(WORDS[..., None], 3, axis=2)
    pixels[3, 3, 1] ^= 1  # lost where 16 bits are cut to 8
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    for name in ("a.png", "a.tif"):
        with pytest.raises(CamsegError, match=rf"{name}: is a colour image"):
            read_picture(tmp_path / name)


def test_colours_whose_depth_would_be_cut_are_refused(tmp_path):
    header = b"P6\n5 7\n65535\n"
    (tmp_path / "a.ppm").write_bytes(header + np.repeat(WORDS[..., None], 3, 2).tobytes())
    with pytest.raises(CamsegError, match=r"a.ppm: is a colour PPM: save it as a grey or a PNG"):
        read_picture(tmp_path / "a.ppm")


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
@pytest.mark.parametrize("interpretation", ["miniswhite", "minisblack"])
def test_white_is_zero_is_turned_at_every_depth(tmp_path, interpretation, bits):
    top = 2**bits - 1
    pixels = RNG.integers(0, top + 1, (7, 5)).astype(np.uint8 if bits <= 8 else np.uint16)
    stored = pixels.astype(bool) if bits == 1 else pixels
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, photometric=interpretation, bitspersample=bits)
    full = 255 if bits == 1 else 1
    expected = top - pixels if interpretation == "miniswhite" else pixels
    assert np.array_equal(read_grey(path), expected * full)


def test_a_tiff_of_a_grey_palette_shows_its_colours(tmp_path):
    levels = np.arange(256, dtype=np.uint16)[::-1] * 257
    tifffile.imwrite(
        tmp_path / "a.tif", BYTES, photometric="palette", colormap=np.stack([levels] * 3)
    )
    assert np.array_equal(read_grey(tmp_path / "a.tif"), 255 - BYTES)


LOSSLESS = ["png", "late.png", "colour.png", "tif"]


@pytest.mark.parametrize(
    ("kind", "pixels"),
    [("jpg", BYTES), *((kind, pixels) for kind in LOSSLESS for pixels in (BYTES, WORDS))],
)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_size_and_pixels_are_those_shown_upright(tmp_path, kind, orientation, pixels):
    upright = {1: pixels, 3: pixels[::-1, ::-1], 6: np.rot90(pixels, -1), 8: np.rot90(pixels)}
    path = tmp_path / f"a.{kind}"
    exif = Image.Exif()
    exif[274] = orientation
    if kind == "tif":
        tifffile.imwrite(path, pixels, extratags=[(274, 3, 1, orientation, True)])
    elif kind == "late.png":
        Image.fromarray(pixels).save(path)
        path.write_bytes(with_exif_last(path.read_bytes(), orientation))
    elif kind == "colour.png":
        png = imagecodecs.png_encode(np.repeat(pixels[..., None], 3, axis=2))
        path.write_bytes(with_exif_last(png, orientation))
    else:
        Image.fromarray(pixels).save(path, exif=exif)
    grey = read_grey(path)
    assert read_size(path) == grey.shape == upright[orientation].shape
    if kind == "jpg":  # lossy: only sizes are exact
        assert np.corrcoef(grey.ravel(), upright[orientation].ravel())[0, 1] > 0.9
    else:
        assert np.array_equal(grey, upright[orientation])


def test_compressed_dicom_is_decoded(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", WORDS)
    dataset = pydicom.dcmread(path)
    dataset.compress(pydicom.uid.RLELossless)
    dataset.save_as(path)
    assert np.array_equal(read_grey(path), WORDS)


def test_grey_images_in_colour_files_are_taken_and_coloured_ones_refused(tmp_path):
    colours = np.repeat(BYTES[..., None], 3, axis=2)
    for name in ("grey.png", "grey.bmp", "grey.tif"):
        Image.fromarray(colours).save(tmp_path / name)
        assert np.array_equal(read_grey(tmp_path / name), BYTES)
    Image.fromarray(BYTES).convert("P").save(tmp_path / "palette.png")
    assert np.array_equal(read_grey(tmp_path / "palette.png"), BYTES)
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
            "a.tif: its pixels are float32, not grey levels",
        ),
        (
            "a.tif",
            lambda path: tifffile.imwrite(
                path, np.repeat(BYTES[..., None], 4, 2), photometric="separated"
            ),
            "a.tif: its pixels are SEPARATED, not grey levels",
        ),
        (
            "a.dcm",
            lambda path: write_dicom(path, BYTES, SamplesPerPixel=3),
            "a.dcm: is a colour image",
        ),
        (
            "a.dcm",
            lambda path: write_dicom(path, BYTES, PhotometricInterpretation="PALETTE COLOR"),
            "a.dcm: its pixels are PALETTE COLOR, not grey levels",
        ),
    ],
)
def test_what_is_no_grey_image_is_refused_in_one_line(tmp_path, name, write, reason):
    write(tmp_path / name)
    for read in (read_size, read_picture):
        with pytest.raises(CamsegError) as caught:
            read(tmp_path / name)
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "suffix", ["png", "colour.png", "tif", "lzw.tif", "strips.tif", "pgm", "dcm"]
)
def test_a_truncated_image_is_never_an_image(tmp_path, suffix):
    pixels = RNG.integers(0, 65536, (40, 30), dtype=np.uint16)
    path = tmp_path / f"a.{suffix}"
    if suffix == "pgm":
        path.write_bytes(pgm(pixels))
    elif suffix == "dcm":
        write_dicom(path, pixels)
    elif suffix == "colour.png":
        path.write_bytes(imagecodecs.png_encode(np.repeat(pixels[..., None], 3, axis=2)))
    elif suffix == "lzw.tif":
        tifffile.imwrite(path, pixels, compression="lzw", rowsperstrip=8)
    elif suffix == "strips.tif":
        tifffile.imwrite(path, pixels, rowsperstrip=8)
    else:
        Image.fromarray(pixels).save(path)
    whole = path.read_bytes()
    for length in (0, 4, 300, len(whole) // 2, len(whole) - 200):
        path.write_bytes(whole[:length])
        with pytest.raises(CamsegError, match=f"a.{suffix}: cannot be read: "):
            read_picture(path)


def test_a_tiff_with_parts_left_out_is_no_image(tmp_path):
    """Some programs leave out strips of one value; what value, a reader cannot know."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, WORDS, rowsperstrip=2)
    with tifffile.TiffFile(path, mode="r+") as file:
        tag = file.pages.first.tags["StripByteCounts"]
        tag.overwrite([20, 0, 20, 10])
    with pytest.raises(CamsegError, match=r"a.tif: cannot be read: it is cut short"):
        read_picture(path)
