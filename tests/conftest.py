"""What several tests share: the real-pixel fixtures, a finished study, made-up DDSM cases."""

import fcntl
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from camseg.formats import ddsm, ljpeg
from project import SMALL, copy_project, snakemake


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The DDSM fixtures, in the folder that CAMSEG_FIXTURES names."""
    folder = os.environ.get("CAMSEG_FIXTURES")
    if not folder:
        pytest.skip("CAMSEG_FIXTURES does not name the folder of the fixtures")
    return Path(folder) / "ddsm"


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory) -> Path:
    """A copy of the project that has run the small study; shared by all tests: never change it."""
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):  # a worker of pytest-xdist: its siblings' folder
        shared = shared.parent
    with (shared / "study.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / "finished-study"
        if not folder.exists():
            building = copy_project(shared / "building-study")
            result = snakemake(building, "--cores", "2", "all", config=SMALL)
            assert result.returncode == 0, result.stdout + result.stderr
            building.rename(folder)
    return folder


@pytest.fixture(scope="module")
def study(finished_study, tmp_path_factory) -> Path:
    """A copy of the finished small study, of one network in all regimes."""
    folder = tmp_path_factory.mktemp("study")
    return shutil.copytree(finished_study, folder, symlinks=True, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def no_locks(tmp_path_factory) -> Callable[[int], dict[str, str]]:
    """The environment of a process in which every lock on a file fails with an error number."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler, which makes the library that lets locks fail")
    library = tmp_path_factory.mktemp("no-locks") / "no_locks.so"
    code = """
        #include <errno.h>
        #include <stdlib.h>
        int flock(int file, int operation) { errno = atoi(getenv("NO_LOCKS")); return -1; }
    """
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library]
    subprocess.run(command, input=code, text=True, check=True)
    return lambda number: {"LD_PRELOAD": str(library), "NO_LOCKS": str(number)}


def rectangle(x: int, y: int, w: int, h: int) -> str:
    """The chain code of a rectangle's outline, clockwise from its upper left pixel."""
    steps = [2] * (w - 1) + [4] * (h - 1) + [6] * (w - 1) + [0] * (h - 1)
    return " ".join(map(str, [x, y, *steps, "#"]))


def overlay_text(
    *chains: str, pathology: str = "MALIGNANT", lesion_types: tuple[str, ...] = ("MASS",)
) -> str:
    """An .OVERLAY with one abnormality per chain, all alike."""
    parts = [f"TOTAL_ABNORMALITIES {len(chains)}"]
    for number, chain in enumerate(chains, start=1):
        parts += [
            f"ABNORMALITY {number}",
            *(f"LESION_TYPE {name} SHAPE OVAL" for name in lesion_types),
            "ASSESSMENT 4",
            "SUBTLETY 3",
            f"PATHOLOGY {pathology}",
            "TOTAL_OUTLINES 1",
            "BOUNDARY",
            chain,
        ]
    return "\n".join(parts) + "\n"


def breast(side: str, shape: tuple[int, int], level: float = 1.0) -> np.ndarray:
    """Grey levels (LUMISYS) of a half-disc of breast at the chest wall, on dark film."""
    rows, columns = np.indices(shape)
    depth = columns if side == "LEFT" else shape[1] - 1 - columns
    inside = ((rows - shape[0] / 2) / (shape[0] / 2)) ** 2 + (depth / shape[1]) ** 2 < 0.9
    return ddsm.grey_level(np.where(inside, level, 3.5), "lumisys")


def write_case(
    folder: Path,
    case_id: str = "B-0001-1",
    *,
    left: tuple[int, int] = (120, 80),
    right: tuple[int, int] = (120, 80),
    left_lesions: tuple[str, ...] = (),
    right_lesions: tuple[str, ...] = (),
    digitizer: str = "LUMISYS LASER",
) -> Path:
    """Write a DDSM case with both CC views and lesions of the given chains; return its folder."""
    case = folder / f"case{case_id.split('-')[1]}"
    case.mkdir(parents=True)
    lines = [" ", "ics_version 1.0", f"filename {case_id}", "DATE_OF_STUDY 2 3 1993"]
    lines += ["PATIENT_AGE 66", "FILM ", "DENSITY 3", f"DIGITIZER {digitizer}", "SEQUENCE"]
    stem = case_id.replace("-", "_")
    for side, shape, lesions in (("LEFT", left, left_lesions), ("RIGHT", right, right_lesions)):
        lines.append(
            f"{side}_CC LINES {shape[0]} PIXELS_PER_LINE {shape[1]} BITS_PER_PIXEL 12 "
            f"RESOLUTION 200 {'OVERLAY' if lesions else 'NON_OVERLAY'}"
        )
        grey = breast(side, shape)
        grey[0, shape[1] // 2] += zlib.crc32(f"{case_id} {side}".encode()) % 99  # as on no other
        image = ljpeg.encode(grey, precision=12)
        (case / f"{stem}.{side}_CC.LJPEG").write_bytes(image)
        if lesions:
            (case / f"{stem}.{side}_CC.OVERLAY").write_text(overlay_text(*lesions))
    (case / f"{case_id}.ics").write_text("\n".join(lines) + "\n")
    return case


def bright(side: str, shape: tuple[int, int]) -> np.ndarray:
    """The image of `breast`, uint8, bright where dense, with stripes."""
    stripes = np.indices(shape).sum(axis=0) % 5
    return ddsm.brightness(breast(side, shape), "lumisys") + stripes.astype(np.uint8)


def block(shape: tuple[int, int], x: int, y: int, w: int, h: int, level: int = 255) -> np.ndarray:
    """A mask image, uint8, of `level` in a rectangle and 0 elsewhere."""
    mask = np.zeros(shape, np.uint8)
    mask[y : y + h, x : x + w] = level
    return mask


def ramp(shape: tuple[int, int]) -> np.ndarray:
    """A picture that is no mask, uint8: a level for each diagonal."""
    return np.add.outer(np.arange(shape[0]), np.arange(shape[1])).astype(np.uint8)


def write_dicom(path: Path, pixels: np.ndarray, **elements: object) -> Path:
    """Write grey pixels, uint8 or uint16, as an uncompressed DICOM file with further elements."""
    bits = 8 * pixels.itemsize
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = pydicom.uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[path.name])
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def padded_ellipses(n: int, size: int) -> np.ndarray:
    """Masks (n, size, size) uint8 of ellipses in ROIs padded as in the paper, 10 to 30 % a side."""
    random = np.random.default_rng(n)
    masks = np.zeros((n, size, size), np.uint8)
    for mask in masks:
        left, right, top, bottom = random.uniform(0.1, 0.3, 4)
        rows, columns = (np.arange(size)[:, None] + 0.5) / size, (np.arange(size) + 0.5) / size
        y = rows * (1 + top + bottom) - top - 0.5
        x = columns * (1 + left + right) - left - 0.5
        mask[x**2 + y**2 <= 0.25] = 1
    return masks
