"""Where the commands and answers on a connection to Redis begin and end (RESP 2)."""


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The complete commands or answers at the beginning of `data`, and the rest."""
    found: list[bytes] = []
    start = 0
    while (end := _end(data, start)) is not None:
        found.append(data[start:end])
        start = end
    return found, data[start:]


def _end(data: bytes, start: int) -> int | None:
    """Where the value that begins at `start` ends; None: not all of it is there."""
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        return None
    end: int | None = line_end + 2
    kind, head = data[start : start + 1], data[start + 1 : line_end]
    if kind == b"$" and int(head) >= 0:
        end = line_end + 2 + int(head) + 2
        return end if end <= len(data) else None
    if kind in b"*>":
        for _ in range(max(0, int(head))):
            end = _end(data, end) if end is not None else None
    return end
