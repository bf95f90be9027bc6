"""Stacks as the sampler takes them, cheap to take and to compare, and as people read them."""

import sys
from functools import lru_cache
from types import CodeType, FrameType

from watchkeeper.agent.profiling.profile import Frame, Stack

DEPTH = 128  # frames; what lies further out is cut off

Codes = tuple[CodeType, ...]
# Identities of codes and offsets of instructions. A code object itself would be compared and hashed by all of
# its content; so who keeps the identities has to keep the codes.
Raw = tuple[tuple[int, ...], tuple[int, ...]]


def taken(frame: FrameType | None) -> tuple[Raw, list[CodeType]]:
    """Return the stack of a frame, the innermost first, and its codes."""
    codes: list[CodeType] = []
    offsets: list[int] = []
    add_code, add_offset = codes.append, offsets.append
    while frame is not None and len(codes) < DEPTH:
        add_code(frame.f_code)
        add_offset(frame.f_lasti)
        frame = frame.f_back
    return (tuple(map(id, codes)), tuple(offsets)), codes


def resolved(raw: Raw, codes: Codes, frames: dict[tuple[int, int], Frame]) -> Stack:
    """Return the frames of a stack that was taken; `frames` remembers those of codes that still live."""
    stack = []
    for place, offset, code in zip(*raw, codes, strict=True):
        found = frames.get((place, offset))
        if found is None:
            found = frames[place, offset] = frame_at(code, offset)
        stack.append(found)
    return tuple(stack)


def of(frame: FrameType | None) -> Stack:
    """Return the stack of a frame."""
    raw, codes = taken(frame)
    return resolved(raw, tuple(codes), {})


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
