"""What indexing and extraction cost beside decoding alone, reader by reader.

    python benchmarks/bench_readers.py [--sets mini_mias cbis_ddsm_jpeg ...] [--rounds 7]
    python benchmarks/bench_readers.py --sets ddsm --ddsm FOLDER_OF_DDSM_CASES

Of each collection eight pictures of a usual size are drawn, with texture and noise, and written as
it is distributed: lesions in one breast of four patients (in CBIS-DDSM, which has no other
pictures, in both). Those of the DDSM are synthetic cases, or the real ones of a folder. Then, in
one process on one thread, rounds alternate, and of each part the fastest counts, in CPU time:

- decoding alone, in full depth: the pictures that ROIs are cut from, and the mask images;
- the index (headers and text), and apart from it the search for copies among equal sizes, which
  has to decode most files whole;
- the extraction of all ROIs, decoding included.

Files come from the page cache.
"""

import argparse
import copy
import csv
import json
import plistlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import cv2
import imagecodecs
import numpy as np
import pydicom
from PIL import Image

from camseg.datasets import index
from camseg.datasets.copies import reject_copies
from camseg.datasets.discovery import home
from camseg.datasets.registry import SOURCES
from camseg.datasets.views import Row, read_index, shape_of
from camseg.formats import ddsm
from camseg.formats.image_files import read_picture
from camseg.rois import extraction
from camseg.rois.lesions import Rules
from camseg.rois.normals import OtherImages
from camseg.seeds import generator
from finding import span, tell

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
PATIENTS = 4
RULES = Rules(
    size=224,
    padding=(0.1, 0.3),
    outline="boundary",
    overlap="drop_normal",
    min_breast_share=0.5,
    seed=1,
)
JPEG2000 = pydicom.uid.JPEG2000Lossless
UNCOMPRESSED = pydicom.uid.ExplicitVRLittleEndian


class Drawn(NamedTuple):
    """A picture, (H, W) uint8 or uint16, and the vertices (n, 2) of a lesion, None without one."""

    patient: int
    side: str  # L or R
    pixels: np.ndarray
    lesion: np.ndarray | None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The lesion's x, y, width and height."""
        assert self.lesion is not None
        x, y, w, h = cv2.boundingRect(self.lesion)
        return x, y, w, h

    @property
    def mask(self) -> np.ndarray:
        """The lesion as a mask image, 0 and 255."""
        mask = np.zeros(self.pixels.shape, np.uint8)
        return mask if self.lesion is None else cv2.fillPoly(mask, [self.lesion], 255)


def draw(shape: tuple[int, int], bits: int, *, both: bool = False) -> Iterator[Drawn]:
    """Draw the two breasts of each patient: a lesion in the left one, or in `both`."""
    for patient in range(1, PATIENTS + 1):
        for side in "LR":
            rng = generator(1, "bench_readers", patient, side)
            # in the upper half of the left breast, in the lower one of the right
            centre = (rng.uniform(0.2, 0.35), rng.uniform(0.3, 0.4) + 0.3 * (side == "R"))
            x, y = (centre[0] if side == "L" else 1 - centre[0]) * shape[1], centre[1] * shape[0]
            angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
            radii = rng.uniform(0.04, 0.07) * shape[0] * (1 + 0.1 * np.sin(3 * angles))
            outline = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)
            lesion = outline.round().astype(np.int32) if both or side == "L" else None
            yield Drawn(patient, side, _picture(rng, shape, bits, side, lesion), lesion)


def _picture(
    rng: np.random.Generator,
    shape: tuple[int, int],
    bits: int,
    side: str,
    lesion: np.ndarray | None,
) -> np.ndarray:
    """Draw half an ellipse at the side, tissue of three scales in it, a lesion, and noise."""
    rows, columns = np.ogrid[-1 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    inside = np.clip(1 - np.hypot(rows / 0.85, columns / 0.8), 0, 1).astype(np.float32) ** 0.4
    inside = inside if side == "L" else inside[:, ::-1]
    level = np.full(shape, 0.45, np.float32)
    for cells, share in ((6, 0.12), (40, 0.08), (250, 0.04)):
        coarse = rng.standard_normal((cells, cells), dtype=np.float32)
        level += share * cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    if lesion is not None:
        level += 0.2 * cv2.fillPoly(np.zeros(shape, np.float32), [lesion], 1)
    level = level * inside + 0.01 * rng.standard_normal(shape, dtype=np.float32) * (0.2 + inside)
    top = 2**bits - 1
    return np.clip((0.03 + level) * top, 0, top).astype(np.uint8 if bits == 8 else np.uint16)


def write_dicom(
    path: Path, pixels: np.ndarray, bits: int, syntax: pydicom.uid.UID = UNCOMPRESSED
) -> None:
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = pydicom.uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[str(path)])
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = 8 * pixels.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    if syntax == UNCOMPRESSED:
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW" if pixels.itemsize == 2 else "OB"
    else:
        stream = imagecodecs.jpeg2k_encode(
            pixels, codecformat="j2k", reversible=True, level=0, bitspersample=bits
        )
        dataset.PixelData = pydicom.encaps.encapsulate([bytes(stream)])
        dataset["PixelData"].VR = "OB"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def write_image(path: Path, pixels: np.ndarray) -> None:
    """Write an image as its name says; quality is for JPEG alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)


def write_csv(path: Path, header: str, lines: list[list], delimiter: str = ",") -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header.split(delimiter))
        writer.writerows(lines)


def write_ddsm(folder: Path) -> Path:
    command = [sys.executable, str(SCRIPTS / "make_phantom.py"), "--output", str(folder)]
    subprocess.run([*command, "--cases", str(PATIENTS), "--seed", "1"], check=True)
    return folder


def write_mini_mias(folder: Path) -> Path:
    lines = ["", "Film  tissue  class  severity  x  y  radius", ""]
    for each in draw((1024, 1024), 8):
        film = f"mdb{2 * each.patient - (each.side == 'R'):03d}"
        write_image(folder / f"{film}.pgm", each.pixels)
        place = "NORM"
        if each.lesion is not None:
            x, y, w, h = each.box
            place = f"CIRC B {x + w // 2} {1023 - y - h // 2} {max(w, h) // 2}"
        lines.append(f"{film} G {place}")
    (folder / "Info.txt").write_text("\n".join(lines) + "\n")
    return folder


CBIS = (
    "patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,"
    "mass shape,mass margins,assessment,pathology,subtlety,image file path,"
    "cropped image file path,ROI mask file path"
)


def write_cbis_ddsm(folder: Path, kind: str) -> Path:
    """Write the archive's download, DICOM, or the release as JPEG."""
    lines, uid = [], "1.3.6.1.4.1.9590.100.1.2"
    for number, each in enumerate(draw((5000, 3000), 16, both=True)):
        side = {"L": "LEFT", "R": "RIGHT"}[each.side]
        image = f"Mass-Training_P_{each.patient:05d}_{side}_CC"
        x, y, w, h = each.box
        crop = each.pixels[y : y + h, x : x + w]
        series = [f"{uid}.{number}.1", f"{uid}.{number}.2"]
        if kind == "dicom":
            write_dicom(folder / image / "1.0-full images-2/1-1.dcm", each.pixels, 16)
            masks = folder / f"{image}_1/1.0-ROI mask images-4"
            write_dicom(masks / "1-1.dcm", each.mask, 8)
            write_dicom(masks / "1-2.dcm", crop, 16)
        else:
            for place, name, pixels in (
                (series[0], "1-1.jpg", (each.pixels >> 8).astype(np.uint8)),
                (series[1], "1-1.jpg", each.mask),
                (series[1], "1-2.jpg", (crop >> 8).astype(np.uint8)),
            ):
                write_image(folder / "jpeg" / place / name, pixels)
        paths = [
            f"{name}/{uid}.{number}.9/{uid_of}/00000{file}.dcm"
            for name, uid_of, file in (
                (image, series[0], 0),
                (f"{image}_1", series[1], 1),
                (f"{image}_1", series[1], 0),
            )
        ]
        described = [1, "mass", "OVAL", "ILL_DEFINED", 4, "MALIGNANT", 4]
        lines.append([f"P_{each.patient:05d}", 3, side, "CC", *described, *paths])
    write_csv(folder / "mass_case_description_train_set.csv", CBIS, lines)
    return folder


def write_inbreast(folder: Path) -> Path:
    lines = []
    for number, each in enumerate(draw((4084, 3328), 14), start=20586900):
        name = f"{number}_{each.patient:016x}_MG_{each.side}_CC_ANON.dcm"
        write_dicom(folder / "AllDICOMs" / name, each.pixels, 14)
        assessment = "1" if each.lesion is None else "5"
        lines.append(["removed", "removed", each.side, "CC", 201001, number, "2", assessment])
        if each.lesion is not None:
            points = [f"({x:f}, {y:f})" for x, y in each.lesion]
            roi = {"Name": "Mass", "NumberOfPoints": len(points), "Point_px": points}
            roi["Point_mm"] = ["(0.000000, 0.000000, 0.000000)"] * len(points)
            images = [{"ImageIndex": 0, "NumberOfROIs": 1, "ROIs": [roi]}]
            place = folder / "AllXML" / f"{number}.xml"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(plistlib.dumps({"Images": images}))
    header = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"
    write_csv(folder / "INbreast.csv", header, lines, ";")
    return folder


VINDR = (
    "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,"
    "breast_density,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split"
)


def write_vindr_mammo(folder: Path, syntax: pydicom.uid.UID) -> Path:
    lines = []
    for each in draw((3518, 2800), 12):
        study, image = f"{each.patient:032x}", f"{each.patient:031x}{each.side}"
        write_dicom(folder / "images" / study / f"{image}.dicom", each.pixels, 12, syntax)
        finding: list = ["['No Finding']", "", "", "", "", ""]
        if each.lesion is not None:
            x, y, w, h = each.box
            finding = ["['Mass']", "BI-RADS 5", x, y, x + w, y + h]
        size = each.pixels.shape
        described = [each.side, "CC", *size, "BI-RADS 5", "DENSITY C", *finding, "training"]
        lines.append([study, image, image, *described])
    write_csv(folder / "finding_annotations.csv", VINDR, lines)
    return folder


CESM = "#filename,file_size,file_attributes,region_count,region_id,region_shape_attributes"
CLASSES = "Image_name,Patient_ID,Side,Type,Pathology Classification/ Follow up"


def write_cdd_cesm(folder: Path) -> Path:
    regions, classes = [], []
    for each in draw((2355, 1315), 8):
        name = f"P{each.patient}_{each.side}_DM_CC"
        place = folder / "Low energy images of CDD-CESM" / f"{name}.jpg"
        write_image(place, each.pixels)
        kind = "Normal" if each.lesion is None else "Malignant"
        classes.append([name, each.patient, each.side, "DM", kind])
        if each.lesion is not None:
            x, y = each.lesion.T.tolist()
            shape = {"name": "polygon", "all_points_x": x, "all_points_y": y}
            regions.append([f"{name}.jpg", 4711, "{}", 1, 0, json.dumps(shape)])
    write_csv(folder / "Radiology_hand_drawn_segmentations_v2.csv", CESM, regions)
    write_csv(folder / "Radiology-manual-annotations.csv", CLASSES, classes)
    return folder


def write_image_folder(folder: Path) -> Path:
    """Write PNGs in RGB of grey pictures, and masks, as BUSI's."""
    for each in draw((500, 500), 8):
        kind = "normal" if each.lesion is None else "benign"
        name = folder / kind / f"{kind} ({each.patient}).png"
        write_image(name, np.repeat(each.pixels[..., None], 3, axis=2))
        write_image(name.with_stem(f"{name.stem}_mask"), each.mask)
    return folder


def write_table(folder: Path, shape: tuple[int, int], bits: int, *, sides: bool) -> Path:
    """Write a table of images with masks, PNG."""
    lines = []
    for each in draw(shape, bits):
        name = f"{each.patient}{each.side}"
        write_image(folder / f"{name}.png", each.pixels)
        described = [f"{name}.png", f"p{each.patient}"]
        described += [{"L": "left", "R": "right"}[each.side]] if sides else []
        if each.lesion is not None:
            write_image(folder / f"{name}_mask.png", each.mask)
        lesion = ["normal", ""] if each.lesion is None else ["abnormal", f"{name}_mask.png"]
        lines.append([*described, *lesion])
    header = "image,patient,side,label,mask" if sides else "image,patient,label,mask"
    write_csv(folder / "table.csv", header, lines)
    return folder / "table.csv"


class Collection(NamedTuple):
    """A set of pictures: its source, what writes it, and how its files are, in words."""

    source: str
    write: Callable[[Path], Path]
    files: str


SETS = {
    "ddsm": Collection("ddsm", write_ddsm, "LJPEG"),
    "mini_mias": Collection("mini_mias", write_mini_mias, "PGM"),
    "cbis_ddsm": Collection(
        "cbis_ddsm", partial(write_cbis_ddsm, kind="dicom"), "DICOM, uncompressed"
    ),
    "cbis_ddsm_jpeg": Collection("cbis_ddsm", partial(write_cbis_ddsm, kind="jpeg"), "JPEG"),
    "inbreast": Collection("inbreast", write_inbreast, "DICOM, uncompressed"),
    "vindr_mammo": Collection(
        "vindr_mammo", partial(write_vindr_mammo, syntax=UNCOMPRESSED), "DICOM, uncompressed"
    ),
    "vindr_mammo_jpeg2000": Collection(
        "vindr_mammo", partial(write_vindr_mammo, syntax=JPEG2000), "DICOM, JPEG 2000"
    ),
    "cdd_cesm": Collection("cdd_cesm", write_cdd_cesm, "JPEG"),
    "image_folder": Collection("image_folder", write_image_folder, "PNG in colour"),
    "table": Collection(
        "table", partial(write_table, shape=(3328, 2560), bits=12, sides=True), "PNG of 16 bits"
    ),
    "rois": Collection(
        "rois", partial(write_table, shape=(512, 512), bits=8, sides=False), "PNG of 8 bits"
    ),
}


def decode(rows: list[Row], folder: Path) -> None:
    """Decode the views' pictures and the mask images of their lesions, in full depth."""
    for row in rows:
        decode_view(row, folder)


def decode_view(row: Row, folder: Path) -> None:
    if row["source"] == "ddsm":
        ddsm.read_image(folder / row["image"], shape_of(row))
        return
    read_picture(folder / row["image"], colours=row["source"] == "image_folder")
    for lesion in json.loads(str(row["outlines"]) or "[]"):
        for mask in lesion.get("masks", []):
            read_picture(folder / mask["path"])


def seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def measure(name: str, data: Path, rounds: int) -> tuple[str, float]:
    """Return a set's line of the table, in milliseconds a picture, and its ratio to decoding."""
    source, folder = SOURCES[SETS[name].source], home(data)

    def make_index() -> list[Row]:
        return index.in_order(index.index_cases(data, source.reader, source.listing))

    rows = [row for row in make_index() if row["status"] == "usable"]
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "index.tsv"
        index.write_index(table, rows)
        read = read_index(table)
    normal = "other_images" if name == "image_folder" else "contralateral"
    rules = Rules(**{**vars(RULES), "whole": source.whole, "normal": normal})
    others = OtherImages(read, rules.seed) if normal == "other_images" else None
    cases = extraction.cases_of_shard(read, 0, 1, whole=source.whole)

    def extract() -> list:
        return [
            each for case in cases for each in extraction.extract_case(case, folder, rules, others)
        ]

    candidates = extract()
    used = sum(not each.reason for each in candidates)
    if used < len(rows) or any(each.status == "unreadable" for each in candidates):
        sys.exit(f"error: {name}: only {used} ROIs: {[each.reason for each in candidates]}")
    parts: dict[str, Callable[[], object]] = {
        "decoding": lambda: decode(rows, folder),
        "index": make_index,
        "copies": lambda: reject_copies(copy.deepcopy(rows), folder, everywhere=True),
        "extraction": extract,
    }
    laps = [{part: seconds(run) for part, run in parts.items()} for _ in range(rounds)]
    times = {part: 1000 * min(lap[part] for lap in laps) / len(rows) for part in parts}
    alone = times["decoding"]
    size = " x ".join(map(str, shape_of(rows[0])))
    numbers = (f"{times[part]:.1f}" for part in parts)
    ratio = (times["index"] + times["extraction"]) / alone
    cells = (f"`{name}`", SETS[name].files, size, *numbers)
    shares = (times["index"] / alone, times["copies"] / alone, ratio)
    return f"| {' | '.join(cells)} | {' | '.join(f'{share:.2f}' for share in shares)} |", ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--ddsm", type=Path, help="real DDSM cases, instead of synthetic ones")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(
        "| set | files | pixels | decoding ms | index | copies | extraction "
        "| index / decoding | copies / decoding | index and extraction / decoding |"
    )
    print("|---|---|---|--:|--:|--:|--:|--:|--:|--:|")
    ratios = []
    for name in args.sets:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            real = name == "ddsm" and args.ddsm
            data = args.ddsm if real else SETS[name].write(folder)
            line, ratio = measure(name, data, args.rounds)
            ratios.append(ratio)
            print(line, flush=True)
    tell(f"index and extraction {span(ratios)} times decoding alone ({', '.join(args.sets)})")


if __name__ == "__main__":
    main()
