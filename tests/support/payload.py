"""The payloads of stored records, as words, to compare what two encoders made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def words(content: bytes, offset: int, n_bytes: int, backend: str) -> npt.NDArray[np.uint32]:
    """The payload of a stored record (containers.md, 2.4 and 3.4), as words (codecs.md, 1)."""
    if backend == "XDF":
        payload = content[offset + 80 : offset + n_bytes]
        return np.frombuffer(payload, ">u4").astype(np.uint32)
    n_meta = content[offset + 1] | content[offset + 2] << 8
    payload = content[offset + 16 + 4 * n_meta : offset + n_bytes - 12]
    return np.frombuffer(payload, "<u4").astype(np.uint32)


def are_alike(ours: npt.NDArray[np.uint32], theirs: npt.NDArray[np.uint32]) -> bool:
    """Whether two payloads are the same but for slack, which holds anything in theirs (1).

    Ours ends with zeros: whole words, and bits of the last word that is not zero, may be slack.
    """
    n = min(len(ours), len(theirs))
    differ = np.nonzero(ours[:n] != theirs[:n])[0]
    if len(differ) == 0:
        return True
    used = np.nonzero(ours)[0]
    last = int(used[-1]) if len(used) else -1
    if differ[0] != last:
        return bool(differ[0] > last)
    word = int(ours[last])
    return word ^ int(theirs[last]) < (word & -word)
