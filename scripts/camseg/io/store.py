"""ROIs, CAMs and maps in HDF5 files: what is in them, how they are written and read checked."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from camseg.errors import CamsegError
from camseg.io import hdf5
from camseg.io.checked import REMEDY

SCHEMA = 3  # of both kinds of file; raised when a dataset changes its meaning


@dataclass(frozen=True)
class Stored:
    """Images (n, S, S) that stay in their HDF5 files until they are read by indexing."""

    datasets: list[h5py.Dataset]  # of open files
    places: np.ndarray  # (n, 2) of each image: which dataset, which row of it

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, S, S)."""
        return (len(self.places), *self.datasets[0].shape[1:])

    @property
    def nbytes(self) -> int:
        """Return the bytes that all images would take in memory."""
        return int(np.prod(self.shape)) * self.datasets[0].dtype.itemsize

    def __getitem__(self, index: np.ndarray | slice) -> np.ndarray:
        """Read the images at `index`, in its order; CamsegError names a file with faults."""
        places = self.places[index]
        images = np.empty((len(places), *self.shape[1:]), self.datasets[0].dtype)
        for image, (number, row) in zip(images, places, strict=True):
            dataset = self.datasets[number]
            try:
                image[:] = dataset[row]
            except OSError as error:
                what = f"{dataset.name}, row {row}"
                raise hdf5.fault(dataset.file.filename, what, error) from error
        return images

    def take(self, index: np.ndarray) -> "Stored":
        """Return the images at `index` without reading them."""
        return replace(self, places=self.places[index])

    @classmethod
    def of(cls, datasets: list[h5py.Dataset]) -> "Stored":
        """Return all images of all datasets, one after the other."""
        places = [(number, row) for number, data in enumerate(datasets) for row in range(len(data))]
        return cls(datasets, np.array(places, int).reshape(-1, 2))


# Arrays or `Stored`: who reads ROIs knows which (`load`), a type checker does not.
Images = np.ndarray | Any


@dataclass(frozen=True)
class Rois:
    """Regions of interest, all cut to one size S; one entry per ROI along the first axis.

    `box` is x, y, w, h in the pixels of the image the ROI was cut from.
    """

    image: Images  # (n, S, S) uint8, 0..255
    mask: Images  # (n, S, S) uint8, 1 = lesion, all 0 for a normal ROI
    label: np.ndarray  # (n,) uint8, 0 = normal, 1 = abnormal
    roi_id: np.ndarray  # (n,) str, as are the next four
    patient_id: np.ndarray
    view: np.ndarray
    pathology: np.ndarray
    lesion_type: np.ndarray
    box: np.ndarray  # (n, 4) int32

    def __len__(self) -> int:
        """Return the number of ROIs."""
        return len(self.roi_id)

    def take(self, index: np.ndarray) -> "Rois":
        """Return the ROIs at `index` (integers or booleans), in its order."""
        return Rois(*(_take(getattr(self, field.name), index) for field in fields(self)))

    def loaded(self) -> "Rois":
        """Return the ROIs with images and masks in memory."""
        return replace(self, image=self.image[:], mask=self.mask[:])


@dataclass(frozen=True)
class Cams:
    """CAMs of ROIs: `cam` as scored, `raw` as the network's grid gives it, and how they were made.

    `cam` is (n, S, S) uint8, `raw` (n, h, w) float32, `degenerate` (n,) bool says which maps show
    no place and are all 0 as scored, `margin` (n,) float32 is the network's logit of abnormal minus
    that of normal (NaN in a file that does not say it), `runs` (n, 2) int32 how often the network
    ran for the map, forward and back (0 likewise), `options` all that determines the maps.
    """

    cam: Images
    raw: np.ndarray
    degenerate: np.ndarray
    margin: np.ndarray
    runs: np.ndarray
    roi_id: np.ndarray
    options: dict


@dataclass(frozen=True)
class Maps:
    """Grey maps of ROIs by a method of segmentation: `map` (n, S, S) uint8, and how it was made."""

    map: Images
    roi_id: np.ndarray
    options: dict


DTYPES: dict[str, type[np.generic]] = {
    "image": np.uint8,
    "mask": np.uint8,
    "label": np.uint8,
    "box": np.int32,
}
DTYPES |= {
    "cam": np.uint8,
    "map": np.uint8,
    "raw": np.float32,
    "degenerate": np.bool_,
    "curve": np.float64,
}
DTYPES |= {"margin": np.float32, "runs": np.int32}
IMAGES = ("image", "mask", "cam", "map")  # the large ones
NDIM = {"box": 2, "curve": 2, "runs": 2} | dict.fromkeys((*IMAGES, "raw"), 3)


def _write(path: Path, kind: str, datasets: dict[str, np.ndarray], attributes: dict) -> None:
    with _new_file(path, kind, attributes) as file:
        for name, values in datasets.items():
            _put(file, name, values, 0, len(values))


@contextmanager
def _new_file(path: Path, kind: str, attributes: dict) -> Iterator[h5py.File]:
    with hdf5.new_file(path) as file:
        hdf5.put_attributes(file, {"kind": kind, "schema_version": SCHEMA} | attributes)
        yield file


def _put(file: h5py.File, name: str, values: np.ndarray, start: int, total: int) -> None:
    """Write `values` from entry `start` of the dataset `name`, which has `total` entries in all."""
    if name not in DTYPES:
        values = np.char.encode(values.astype(str), "utf-8")
        values = values.astype(h5py.string_dtype("utf-8", max(values.dtype.itemsize, 1)))
    if name not in file:
        shape = total, *values.shape[1:]
        options = {"chunks": shape, "fletcher32": True}
        if values.ndim == 3:  # one chunk per image: images are read and unpacked one by one
            options |= {"chunks": (1, *shape[1:])}
        if name in IMAGES:  # raw maps are small, and hardly smaller when packed
            options |= {"compression": "gzip", "shuffle": True}
        file.create_dataset(name, shape, values.dtype, **(options if total else {}))
    file[name][start : start + len(values)] = values


def _take(values: Images, index: np.ndarray) -> Images:
    return values.take(index) if isinstance(values, Stored) else values[index]


def _read(
    path: Path, kind: str, names: Iterable[str], optional: Iterable[str] = ()
) -> tuple[dict, h5py.File]:
    """Return the named datasets of a file of `kind`, one entry per ROI, and the open file.

    Images, masks and CAMs are left in the file, as datasets. The `optional` ones may be missing.
    """
    data = {}
    try:
        file = hdf5.open_file(path)
        version = hdf5.attribute(file, "schema_version")
        if version != SCHEMA:
            raise CamsegError(
                f"{path}: has schema version {version}, this program reads {SCHEMA}; {REMEDY}"
            )
        if hdf5.attribute(file, "kind") != kind:
            raise CamsegError(f"{path}: is not a {kind} file of camseg; {REMEDY}")
        for name in (*names, *(each for each in optional if each in file)):
            stored = hdf5.measure(file, name)
            kept, dtype = stored.dtype, np.dtype(DTYPES.get(name, "S"))
            if kept.kind != dtype.kind or (name in DTYPES and kept != dtype):
                raise CamsegError(f"{path}: {name} is {kept}, not {dtype}; {REMEDY}")
            if stored.ndim != NDIM.get(name, 1):
                raise CamsegError(f"{path}: {name} is of shape {stored.shape}; {REMEDY}")
            if name in IMAGES:
                data[name] = stored
            else:
                data[name] = stored[:] if name in DTYPES else stored.asstr()[:].astype(object)
    except CamsegError:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise hdf5.fault(path, f"is not a whole {kind} file", error) from error
    if len({len(values) for values in data.values()}) != 1:
        raise CamsegError(f"{path}: its datasets differ in length; {REMEDY}")
    return data, file


def write_shard(path: str | Path, rois: Rois, *, source: str) -> None:
    """Write ROIs as one shard; `source` says which study they come from."""
    datasets = {field.name: getattr(rois, field.name) for field in fields(rois)}
    _write(Path(path), "shard", datasets, {"source": source, "size": rois.image.shape[1]})


def read_rois(paths: Iterable[str | Path], *, load: bool = True) -> Rois:
    """Read all shards as one set, sorted by ROI id, so that sharding changes no result.

    Without `load`, images and masks stay in the files (`Stored`). Raises CamsegError if a file is
    no whole shard of this version, if sizes differ, or if an id occurs twice.
    """
    names = [field.name for field in fields(Rois)]
    shards = []
    sizes: dict[tuple, str | Path] = {}
    for path in paths:
        data, _ = _read(Path(path), "shard", names)
        sizes |= {data["image"].shape[1:]: path, data["mask"].shape[1:]: path}
        if data["box"].shape[1] != 4 or not np.isin(data["label"], (0, 1)).all():
            raise CamsegError(f"{path}: its boxes or labels make no sense; {REMEDY}")
        shards.append(data)
    if len(sizes) > 1:
        raise CamsegError(
            f"{next(iter(sizes.values()))}: holds ROIs of other sizes than {path}; {REMEDY}"
        )
    columns = {name: [shard[name] for shard in shards] for name in names}
    datasets: dict[str, Images] = {
        name: Stored.of(parts) if name in IMAGES else np.concatenate(parts)
        for name, parts in columns.items()
    }
    rois = Rois(**datasets)
    ids, counts = np.unique(rois.roi_id.astype(str), return_counts=True)
    if (counts > 1).any():
        raise CamsegError(f"ROI {ids[counts > 1][0]} is in the shards more than once; {REMEDY}")
    rois = rois.take(np.argsort(rois.roi_id.astype(str)))
    return rois.loaded() if load else rois


def write_cams(
    path: str | Path,
    *,
    cam: np.ndarray,
    raw: np.ndarray,
    roi_id: np.ndarray,
    options: dict,
    **known: np.ndarray,
) -> None:
    """Write the CAMs of one model at once; see `cam_writer`."""
    with cam_writer(path, roi_id=roi_id, options=options) as write:
        write(cam, raw, **known)


@contextmanager
def cam_writer(
    path: str | Path, *, roi_id: np.ndarray, options: dict
) -> Iterator[Callable[..., None]]:
    """Yield the function that writes the CAMs of the next ROIs: cam (b, S, S) and raw (b, h, w).

    And margin (b,) float32 and runs (b, 2) int32, where they are known. Called batch by batch in
    the order of `roi_id`, it keeps no batch in memory; CamsegError if they are not as many in the
    end. `options` (JSON values) become the file's attributes.
    """
    with _new_file(Path(path), "cam", _attributes(options)) as file:
        _put(file, "roi_id", roi_id, 0, len(roi_id))
        written = 0

        def write(cam: np.ndarray, raw: np.ndarray, **known: np.ndarray) -> None:
            nonlocal written
            parts = {"cam": cam, "raw": raw, "degenerate": ~np.any(cam, axis=(1, 2))}
            for name, values in (parts | known).items():
                _put(file, name, values, written, len(roi_id))
            written += len(cam)

        yield write
        if written != len(roi_id):
            raise CamsegError(f"{path}: {written} CAMs do not fit {len(roi_id)} ROIs")


def read_cams(path: str | Path, roi_id: np.ndarray | None = None, *, load: bool = True) -> Cams:
    """Read a CAM file; with `roi_id` given, the CAMs of those ROIs in that order.

    Without `load`, the maps as scored stay in the file (`Stored`). Raises CamsegError if the file
    is no whole CAM file of this version or lacks one of the ROIs.
    """
    names = "cam", "raw", "degenerate", "roi_id"
    data, file = _read(Path(path), "cam", names, ("margin", "runs"))
    data.setdefault("margin", np.full(len(data["roi_id"]), np.nan, np.float32))
    data.setdefault("runs", np.zeros((len(data["roi_id"]), 2), np.int32))
    return Cams(**_chosen(path, data, "cam", roi_id, load), options=_options(path, file))


def write_maps(path: str | Path, *, maps: np.ndarray, roi_id: np.ndarray, options: dict) -> None:
    """Write the maps of a method of segmentation, (n, S, S) uint8; `options` as in `cam_writer`."""
    _write(Path(path), "map", {"map": maps, "roi_id": roi_id}, _attributes(options))


def read_maps(path: str | Path, roi_id: np.ndarray | None = None, *, load: bool = True) -> Maps:
    """Read a file of `write_maps`; arguments and errors as in `read_cams`."""
    data, file = _read(Path(path), "map", ("map", "roi_id"))
    return Maps(**_chosen(path, data, "map", roi_id, load), options=_options(path, file))


def _attributes(options: dict) -> dict:
    """Return what a file says of how it was made: all as one text, and each by itself."""
    return {"options": json.dumps(options, sort_keys=True)} | options


def _options(path: str | Path, file: h5py.File) -> dict:
    try:
        return json.loads(str(hdf5.attribute(file, "options")))
    except (KeyError, ValueError) as error:
        raise CamsegError(f"{path}: says not how it was made: {error}; {REMEDY}") from error


def _chosen(
    path: str | Path, data: dict, images: str, roi_id: np.ndarray | None, load: bool
) -> dict:
    """Return the entries of the ROIs `roi_id`, in that order; with `load`, `images` in memory."""
    data |= {images: Stored.of([data[images]])}
    if roi_id is not None:
        place = {name: index for index, name in enumerate(data["roi_id"])}
        missing = [name for name in roi_id if name not in place]
        if missing:
            raise CamsegError(
                f"{path}: has no {images.replace('cam', 'CAM')} of ROI {missing[0]} "
                f"({len(missing)} missing): it belongs to other ROI shards; {REMEDY}"
            )
        index = np.array([place[name] for name in roi_id], int)
        data = {name: _take(values, index) for name, values in data.items()}
    return data | ({images: data[images][:]} if load else {})


def write_curves(path: str | Path, *, curve: np.ndarray, roi_id: np.ndarray) -> None:
    """Write Dice curves, (n, 256) float64, in the order of the table of scores beside them."""
    _write(Path(path), "curve", {"curve": curve, "roi_id": roi_id}, {})


def read_curves(path: str | Path, rows: np.ndarray, roi_id: np.ndarray) -> np.ndarray:
    """Read the Dice curves at `rows` (integers) of a file, which must be of the ROIs `roi_id`.

    Raises CamsegError if the file is no whole curve file of this version or has other ROIs there.
    """
    data, _ = _read(Path(path), "curve", ("curve", "roi_id"))
    if max(rows) >= len(data["roi_id"]) or list(data["roi_id"][rows]) != list(roi_id):
        raise CamsegError(f"{path}: its rows are not those of the table of scores; {REMEDY}")
    return data["curve"][rows]
