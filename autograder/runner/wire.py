"""Messages between the examiner and the student process: JSON, with a length in front.

Nothing that arrives is unpickled or evaluated. The other side may send anything at all, or nothing:
every receive has a limit of size and of time.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

#: The longest message that is read, in bytes.
MAX_MESSAGE = 8 << 20

_LOOK_SECONDS = 0.1
#: How half of a character begins in JSON, and so does a whole one.
_HALF = b"\\ud"
_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other side sent what no message is."""


class Closed(WireError):
    """The other side is gone."""


class TimedOut(WireError):
    """Nothing, or not all of a message, came in time."""


class Wire:
    """One end of the connection.

    Args:
        end: a connected stream socket; the wire owns it.

    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """Return the descriptor, for whoever closes all others."""
        return self._end.fileno()

    def send(self, message: dict[str, Any], seconds: float | None = None) -> None:
        """Send a message.

        Args:
            message: JSON data.
            seconds: how long the other side may take to read it; for ever if None.

        Raises:
            TimedOut: it was not read in time.
            Closed: the other side is gone.

        """
        data = json.dumps(message).encode("ascii")
        self._end.settimeout(seconds)
        try:
            self._end.sendall(_LENGTH.pack(len(data)) + data)
        except TimeoutError:
            raise TimedOut from None
        except OSError as error:
            raise Closed(str(error)) from None
        finally:
            self._end.settimeout(None)

    def receive(self, is_over: Callable[[], bool] | None = None) -> dict[str, Any]:
        """Return the next message.

        Args:
            is_over: asked ten times a second whether to give up waiting; never if None.

        Raises:
            TimedOut: it did not come in time.
            Closed: the other side is gone.
            WireError: what came is no message.

        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, is_over))
        if length > MAX_MESSAGE:
            raise WireError(f"a message of {length} bytes")
        data = self._read(length, is_over)
        try:
            message = json.loads(data.decode("utf-8", "replace"))
            if _HALF in data.lower():  # half a character cannot be written into a file
                whole = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
                message = json.loads(whole)
        except (ValueError, RecursionError):
            raise WireError("a message that is not JSON") from None
        if not isinstance(message, dict):
            raise WireError("a message that is not an object")
        return message

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _read(self, size: int, is_over: Callable[[], bool] | None) -> bytes:
        data = bytearray()
        looked = time.monotonic()
        while len(data) < size:
            ready = select.select([self._end], [], [], is_over and _LOOK_SECONDS)[0]
            if is_over and time.monotonic() - looked >= _LOOK_SECONDS:  # it may come in drops
                looked = time.monotonic()
                if is_over():
                    raise TimedOut
            if not ready:
                continue
            try:
                chunk = self._end.recv(min(size - len(data), 1 << 20))
            except OSError as error:
                raise Closed(str(error)) from None
            if not chunk:
                raise Closed
            data += chunk
        return bytes(data)
