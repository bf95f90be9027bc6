"""Stacks as the sampler takes them, cheap to take and to compare, and as people read them."""

import sys
from functools import lru_cache
from types import CodeType, FrameType

from watchkeeper.agent.profiling.profile import Frame, Stack

DEPTH = 128  # frames; what lies further out is cut off

# Per frame the identity of its code and the offset of its instruction. A code object itself would be
# compared and hashed by all of its content.
Raw = tuple[int, ...]
Codes = dict[int, CodeType]


def taken(frame: FrameType | None, codes: Codes) -> Raw:
    """Return the stack of a frame, the innermost first; its codes go into `codes`, which keeps them alive."""
    raw: list[int] = []
    append, known = raw.append, codes.setdefault
    while frame is not None and len(raw) < 2 * DEPTH:
        code = frame.f_code
        place = id(code)
        known(place, code)
        append(place)
        append(frame.f_lasti)
        frame = frame.f_back
    return tuple(raw)


def resolved(raw: Raw, codes: Codes, frames: dict[tuple[int, int], Frame]) -> Stack:
    """Return the frames of a stack that was taken; `frames` remembers those of the same codes."""
    stack = []
    for place, offset in zip(raw[::2], raw[1::2], strict=True):
        found = frames.get((place, offset))
        if found is None:
            found = frames[place, offset] = frame_at(codes[place], offset)
        stack.append(found)
    return tuple(stack)


def of(frame: FrameType | None) -> Stack:
    """Return the stack of a frame."""
    codes: Codes = {}
    return resolved(taken(frame, codes), codes, {})


def frame_at(code: CodeType, offset: int) -> Frame:
    """Return the frame of a code at an instruction's offset in bytes."""
    return Frame(named(code), code.co_filename, line_at(code, offset), code.co_firstlineno)


@lru_cache(maxsize=4096)
def module_of(file: str) -> str:
    """Return the module that a file is, as far as the paths of imports tell; else its bare name."""
    for root in sorted(sys.path, key=len, reverse=True):
        if root and file.startswith(root.rstrip("/") + "/"):
            file = file[len(root.rstrip("/")) + 1 :]
            return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return file.rpartition("/")[2].removesuffix(".py")


def named(code: CodeType) -> str:
    """Return a function's name with its module and class, as `arbbot.detect.search.cycles`."""
    return f"{module_of(code.co_filename)}.{code.co_qualname}"


def line_at(code: CodeType, offset: int) -> int:
    """Return the line of an instruction; the function's first one where it has none."""
    if offset >= 0:
        for start, end, line in code.co_lines():
            if start <= offset < end:
                return line or code.co_firstlineno
    return code.co_firstlineno
