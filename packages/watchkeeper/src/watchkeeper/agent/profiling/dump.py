"""The present stacks of all threads, as the interpreter itself writes them.

`sys._current_frames` gives frames of running threads, and CPython 3.11 now and then crashes or deadlocks
where such frames are walked (python/cpython issues 106883 and 111363). `faulthandler` holds the GIL meanwhile
and makes no objects: it writes text. It tells at most 100 frames and 100 threads, and of a function its bare
name.
"""

import faulthandler
import os
import re
import tempfile
from collections.abc import Iterator
from threading import Lock

from watchkeeper.agent.profiling.profile import Frame, Stack
from watchkeeper.agent.profiling.stacks import module_of

THREAD = re.compile(rb"^(?:Current thread|Thread) 0x([0-9a-f]+)[^\n]*:\n", re.MULTILINE)
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)

Block = bytes  # one thread's frames as text, the innermost first


class Dumps:
    """Takes dumps, by way of a file in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._file = -1

    def take(self) -> dict[int, Block]:
        """Return the stacks of all threads by their identities; empty where there is no file to be had."""
        with self._lock:
            if self._file < 0:
                self._file = memory_file()
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            faulthandler.dump_traceback(self._file)
            size = os.lseek(self._file, 0, os.SEEK_CUR)
            return dict(blocks(os.pread(self._file, size, 0)))

    def close(self) -> None:
        """Close the file; the next dump opens it anew."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def after_fork(self) -> None:
        """Replace the lock, which another thread may have held when the process forked."""
        self._lock = Lock()
        self.close()


def memory_file() -> int:
    """Return the descriptor of a file in memory, or of a nameless one where the system has none."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("watchkeeper-stacks", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno())


def blocks(text: bytes) -> Iterator[tuple[int, Block]]:
    """Part a dump into threads."""
    heads = list(THREAD.finditer(text))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        end = len(text) if following is None else following.start()
        yield int(head[1], 16), text[head.end() : end]


def parsed(block: Block) -> Stack:
    """Return one thread's frames."""
    rows = FRAME.findall(block.decode("ascii", "replace"))
    return tuple(Frame(f"{module_of(file)}.{name}", file, int(line)) for file, line, name in rows)
