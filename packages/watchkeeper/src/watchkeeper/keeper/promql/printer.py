"""Writing an expression's tree as text again."""

from __future__ import annotations

from .labels import NAME
from .quoting import decimal, is_plain_label, quote
from .syntax import (
    Aggregate,
    Binary,
    Call,
    Duration,
    Expr,
    Matching,
    Number,
    Paren,
    Range,
    Selector,
    String,
    Subquery,
    Unary,
)

_UNITS = (
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
)


def render(expr: Expr) -> str:
    """Return a text that parses to the same meaning."""
    match expr:
        case Number():
            return _number(expr)
        case String():
            return quote(expr.value)
        case Selector():
            return _selector(expr) + _suffix(expr)
        case Range():
            return f"{_selector(expr.selector)}[{duration(expr.length)}]{_suffix(expr.selector)}"
        case Subquery():
            step = "" if expr.step is None else duration(expr.step)
            return f"{render(expr.expr)}[{duration(expr.length)}:{step}]{_suffix(expr)}"
        case Paren():
            return f"({render(expr.expr)})"
        case Unary():
            return expr.op + render(expr.expr)
        case Binary():
            word = " bool" if expr.as_bool else ""
            return f"{render(expr.left)} {expr.op}{word}{_matching(expr.matching)} {render(expr.right)}"
        case Aggregate():
            return _aggregate(expr)
        case Call():
            return f"{expr.func}({', '.join(render(arg) for arg in expr.args)})"


def _number(expr: Number) -> str:
    if expr.duration:
        sign = "-" if expr.value < 0 else ""
        return sign + _length(round(abs(expr.value) * 1000))
    return decimal(expr.value)


def _length(milliseconds: int) -> str:
    if milliseconds == 0:
        return "0s"
    out = ""
    for unit, size in _UNITS:
        count, milliseconds = divmod(milliseconds, size)
        out += f"{count}{unit}" if count else ""
    return out + (f"{milliseconds}ms" if milliseconds else "")


def duration(length: Duration) -> str:
    """Render a duration or its arithmetic."""
    text = _duration(length)
    return f"({text})" if length.wrapped else text


def _duration(length: Duration) -> str:
    terms = [duration(term) for term in length.terms]
    match length.op:
        case "number":
            exact = float(length.value * 1000).is_integer()
            sign = "-" if length.value < 0 else ""
            return sign + _length(round(abs(length.value) * 1000)) if exact else decimal(length.value)
        case "step" | "range":
            return f"{length.op}()"
        case "neg":
            return f"-{terms[0]}"
        case "min" | "max":
            return f"{length.op}({terms[0]}, {terms[1]})"
        case op:
            return f"{terms[0]} {op} {terms[1]}"


def _selector(expr: Selector) -> str:
    plain = is_plain_label(expr.name.replace(":", "_"))
    parts = [
        f"{_label(m.name)}{m.op}{quote(m.value)}" for m in expr.matchers if m.name != NAME or not expr.name
    ]
    parts.sort()
    if expr.name and not plain:
        parts.insert(0, quote(expr.name))
    name = expr.name if plain else ""
    return name + ("{" + ",".join(parts) + "}" if parts or not name else "")


def _suffix(expr: Selector | Subquery) -> str:
    out = ""
    if isinstance(expr, Selector):
        out += " anchored" if expr.anchored else " smoothed" if expr.smoothed else ""
    if isinstance(expr.at, int):
        out += f" @ {expr.at / 1000:.3f}"
    elif expr.at is not None:
        out += f" @ {expr.at}()"
    return out + (f" offset {duration(expr.offset)}" if expr.offset is not None else "")


def _label(name: str) -> str:
    return name if is_plain_label(name) else quote(name)


def _labels(names: tuple[str, ...]) -> str:
    return "(" + ", ".join(_label(name) for name in names) + ")"


def _matching(matching: Matching) -> str:
    out = ""
    if matching.on or matching.labels or matching.many != "none":
        out += f" {'on' if matching.on else 'ignoring'} {_labels(matching.labels)}"
    if matching.many != "none":
        out += f" group_{matching.many} {_labels(matching.include)}"
    for side, value in (("left", matching.fill_left), ("right", matching.fill_right)):
        out += f" fill_{side} ({decimal(value)})" if value is not None else ""
    return out


def _aggregate(expr: Aggregate) -> str:
    clause = f" without {_labels(expr.grouping)} " if expr.without else ""
    if expr.grouping and not expr.without:
        clause = f" by {_labels(expr.grouping)} "
    param = "" if expr.param is None else render(expr.param) + ", "
    return f"{expr.op}{clause}({param}{render(expr.expr)})"
