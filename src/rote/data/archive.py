"""Arrays from npy and npz files, after what they declare was compared with what they contain.

A header of a few bytes can declare an array of any size, and a compressed member can expand a
thousandfold. Nothing is allocated before the declared size equals the size of the contents, and
that is within what the compression can do. Pickled objects are never loaded.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from rote.errors import DataError
from rote.suggest import did_you_mean
from rote.typing import Array

__all__ = ["load_npy", "load_npz"]

_EXPANSION = 1032
"""How many times its size deflate can expand a stream at most: 258 bytes from 2 bits."""

_BROKEN = (
    OSError,
    EOFError,
    ValueError,  # also what numpy raises for a bad header
    RuntimeError,  # an encrypted member
    zipfile.BadZipFile,
    zlib.error,
)


def load_npy(path: Path) -> Array:
    """The array of an npy file.

    Args:
        path: The file.

    Returns:
        The array, of numbers or strings.

    Raises:
        DataError: The file is damaged, declares another size, or holds Python objects.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size, "the array")
    except DataError:
        raise
    except _BROKEN as error:
        raise _damaged("npy", error) from None


def load_npz(path: Path, names: tuple[str, ...]) -> list[Array]:
    """Arrays of an npz file; others that it holds are not looked at.

    Args:
        path: The file.
        names: Names of the arrays wanted.

    Returns:
        The arrays, of numbers or strings.

    Raises:
        DataError: The file is damaged or lacks an array, or an array declares another size than it
            has or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            for name in names:
                if name not in members:
                    raise DataError(f"there is no array {name!r}. {did_you_mean(name, members)}")
            return [_read_member(archive, members[name], path.stat().st_size) for name in names]
    except DataError:
        raise
    except _BROKEN as error:
        raise _damaged("npz", error) from None


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> Array:
    name = f"array {member.filename.removesuffix('.npy')!r}"
    factor = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: _EXPANSION}.get(member.compress_type)
    if factor is None:
        raise DataError(f"{name} is compressed in a way that numpy does not write.")
    if member.compress_size > size or member.file_size > factor * member.compress_size:
        raise DataError(
            f"{name} declares {member.file_size} bytes, more than {member.compress_size} stored "
            "bytes can hold. The file is damaged or made to exhaust memory."
        )
    with archive.open(member) as file:
        return _read(file, member.file_size, name)


def _read(file: IO[bytes], size: int, name: str) -> Array:
    """The array in a stream of so many bytes, header included."""
    start = file.tell()
    version = npy.read_magic(file)
    if version not in {(1, 0), (2, 0)}:
        raise DataError(
            f"{name} has version {version[0]}.{version[1]} of the npy format, not 1 or 2."
        )
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if dtype.kind not in "biufcSU":
        raise DataError(
            f"{name} must hold numbers or strings, not {dtype}. Python objects are not loaded, for "
            "they can run code."
        )
    declared = math.prod(shape) * dtype.itemsize
    held = size - (file.tell() - start)
    if declared != held or min(shape, default=0) < 0:
        raise DataError(
            f"{name} declares {declared} bytes, shape {shape} of {dtype}, but {held} bytes follow."
        )
    contents = file.read(held)
    if (
        len(contents) + len(file.read(1)) != held
    ):  # reading on to the end compares the checksum, too
        raise DataError(f"{name} does not end after {held} bytes.")
    array = np.frombuffer(contents, dtype, count=math.prod(shape))
    return array.reshape(shape, order="F" if fortran else "C")


def _damaged(kind: str, error: Exception) -> DataError:
    reason = (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
    return DataError(f"the file is damaged or no {kind} file: {reason}.")
