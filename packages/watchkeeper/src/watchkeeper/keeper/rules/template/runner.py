"""Expand a template, within bounds of steps, depth and length."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .builtins import BUILTINS, EARLY
from .errors import TemplateFailure, TemplateLimit
from .nodes import (
    Action,
    Body,
    Branch,
    Call,
    Chain,
    Command,
    Constant,
    Dot,
    Field,
    Function,
    Jump,
    Nil,
    Pipe,
    Template,
    Term,
    Text,
    Variable,
)
from .values import Record, Value, is_true, shown, type_name


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one expansion may cost: nodes visited, characters written, templates within templates."""

    steps: int = 50_000
    length: int = 65_536
    depth: int = 50


def expand(
    template: Template,
    data: Value,
    variables: Mapping[str, Value],
    functions: Mapping[str, Callable[..., Value]],
    bounds: Bounds = Bounds(),
    written: Callable[[Value], str] = shown,
) -> str:
    """Return the text of a template over data. Raises TemplateFailure, TemplateLimit past the bounds.

    written turns what an action gives into text; it is where one escapes for HTML.
    """
    runner = _Runner(template, {**BUILTINS, **functions}, bounds, written)
    runner.scope = [("$", data), *variables.items()]
    try:
        runner.body(template.body, data)
    except TemplateFailure:
        raise
    except Exception as error:  # as in Go, a template's panic must not end its caller
        raise TemplateFailure(f"panic expanding template: {error}") from error
    return "".join(runner.out)


class _Break(Exception):
    """Leave the innermost range."""


class _Continue(Exception):
    """Go on with the innermost range's next round."""


class _Runner:
    def __init__(
        self,
        template: Template,
        functions: Mapping[str, Callable[..., Value]],
        bounds: Bounds,
        written: Callable[[Value], str],
    ) -> None:
        self.template = template
        self.written = written
        self.functions = functions
        self.bounds = bounds
        self.scope: list[tuple[str, Value]] = []
        self.out: list[str] = []
        self.steps = self.length = self.depth = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > self.bounds.steps:
            raise TemplateLimit(f"the template takes more than {self.bounds.steps} steps")

    def write(self, text: str) -> None:
        self.length += len(text)
        if self.length > self.bounds.length:
            raise TemplateLimit(f"the template writes more than {self.bounds.length} characters")
        self.out.append(text)

    # --- nodes ---

    def body(self, body: Body, dot: Value) -> None:
        for node in body:
            self.step()
            match node:
                case Text(text):
                    self.write(text)
                case Action(pipe):
                    value = self.pipe(pipe, dot)
                    if not pipe.variables:
                        self.write(self.written(value))
                case Branch():
                    self.branch(node, dot)
                case Call():
                    self.call(node, dot)
                case Jump(kind):
                    raise _Break if kind == "break" else _Continue

    def branch(self, node: Branch, dot: Value) -> None:
        known = len(self.scope)
        try:
            value = self.pipe(node.pipe, dot)
            if node.kind == "range":
                self.range(node, value, dot)
            elif is_true(value):
                self.body(node.body, value if node.kind == "with" else dot)
            else:
                self.body(node.otherwise, dot)
        finally:
            del self.scope[known:]

    def range(self, node: Branch, value: Value, dot: Value) -> None:
        items = _items(value)
        if not items:
            self.body(node.otherwise, dot)
            return
        known = len(self.scope)
        try:
            for key, item in items:
                self.step()
                self.bind_round(node.pipe, key, item)
                try:
                    self.body(node.body, item)
                except _Continue:
                    pass
                del self.scope[known:]
        except _Break:
            pass

    def bind_round(self, pipe: Pipe, key: Value, item: Value) -> None:
        """Give a round's key and item to the variables that the range declares."""
        values = (item,) if len(pipe.variables) == 1 else (key, item)
        for name, value in zip(pipe.variables, values, strict=False):
            self.bind(name, value, pipe.assigns)

    def bind(self, name: str, value: Value, assigns: bool) -> None:
        if not assigns:
            self.scope.append((name, value))
            return
        for place in range(len(self.scope) - 1, -1, -1):
            if self.scope[place][0] == name:
                self.scope[place] = (name, value)
                return

    def call(self, node: Call, dot: Value) -> None:
        body = self.template.defined.get(node.name)
        if body is None:
            raise TemplateFailure(f"template {node.name!r} not defined")
        if self.depth >= self.bounds.depth:
            raise TemplateLimit(f"templates are nested more than {self.bounds.depth} deep")
        data = None if node.pipe is None else self.pipe(node.pipe, dot)
        outside, self.scope = self.scope, [("$", data)]
        self.depth += 1
        self.body(body, data)
        self.depth -= 1
        self.scope = outside

    # --- pipelines ---

    def pipe(self, pipe: Pipe, dot: Value) -> Value:
        given: tuple[Value, ...] = ()
        for command in pipe.commands:
            given = (self.command(command, dot, given),)
        if len(pipe.variables) == 1:
            self.bind(pipe.variables[0], given[0], pipe.assigns)
        return given[0]

    def command(self, command: Command, dot: Value, given: tuple[Value, ...]) -> Value:
        """Evaluate one stage; what the stage before gave is the last argument."""
        self.step()
        first, rest = command.terms[0], command.terms[1:]
        if isinstance(first, Function):
            return self.apply(first.name, rest, dot, given)
        if rest or given:
            return self.method(first, [self.term(term, dot) for term in rest] + list(given), dot)
        if isinstance(first, Nil):
            raise TemplateFailure("nil is not a command")
        return self.term(first, dot)

    def apply(self, name: str, terms: tuple[Term, ...], dot: Value, given: tuple[Value, ...]) -> Value:
        if name in EARLY:
            return self.early(name, terms, dot, given)
        function = self.functions[name]
        values = [self.term(term, dot) for term in terms] + list(given)
        check_count(name, function, len(values))
        try:
            result = function(*values)
        except TemplateLimit:
            raise
        except TemplateFailure as error:
            raise TemplateFailure(f"error calling {name}: {error}") from error
        if isinstance(result, str) and len(result) > self.bounds.length:
            raise TemplateLimit(f"{name} gives more than {self.bounds.length} characters")
        return result

    def method(self, term: Term, values: list[Value], dot: Value) -> Value:
        """Call the method that a term's last name stands for."""
        match term:
            case Field(names) if names:
                owner = field_of(dot, names[:-1])
            case Variable(variable, names) if names:
                owner = field_of(self.variable(variable), names[:-1])
            case Chain(inner, names):
                owner = field_of(self.term(inner, dot), names[:-1])
            case _:
                raise TemplateFailure("can't give argument to non-function")
        function = member_of(owner, names[-1])
        if not callable(function):
            raise TemplateFailure(f"{names[-1]} has arguments but cannot be invoked as function")
        check_count(names[-1], function, len(values))
        return function(*values)

    def early(self, name: str, terms: tuple[Term, ...], dot: Value, given: tuple[Value, ...]) -> Value:
        """Evaluate `and` or `or`, whose arguments are evaluated up to the one that decides."""
        if not terms and not given:
            raise TemplateFailure(f"wrong number of args for {name}: want at least 1 got 0")
        value: Value = None
        for term in terms:
            value = self.term(term, dot)
            if is_true(value) is (name == "or"):
                return value
        return given[0] if given else value

    def term(self, term: Term, dot: Value) -> Value:
        self.step()
        match term:
            case Dot():
                return dot
            case Constant(value):
                return value
            case Field(names):
                return field_of(dot, names)
            case Variable(name, names):
                return field_of(self.variable(name), names)
            case Function(name):
                return self.apply(name, (), dot, ())
            case Chain(inner, names):
                return field_of(self.term(inner, dot), names)
            case Pipe():
                return self.pipe(term, dot)
            case Nil():
                return None

    def variable(self, name: str) -> Value:
        for known, value in reversed(self.scope):
            if known == name:
                return value
        raise TemplateFailure(f"undefined variable: {name}")


def field_of(value: Value, names: tuple[str, ...]) -> Value:
    """Follow fields and methods without arguments into a value."""
    for name in names:
        value = member_of(value, name)
        if callable(value):
            check_count(name, value, 0)
            value = value()
    return value


def member_of(value: Value, name: str) -> Value:
    """Return a field or a method; a map's missing key is the empty text.

    A value has methods by an attribute `methods`: a mapping of names to functions.
    """
    methods: Mapping[str, Callable[..., Value]] = getattr(value, "methods", {})
    if name in methods:
        return methods[name]
    if isinstance(value, dict):
        return value.get(name, "")
    if isinstance(value, Record) and name in value.fields:
        return value.fields[name]
    if value is None:
        raise TemplateFailure(f"nil data; no entry for key {name!r}")
    raise TemplateFailure(f"can't evaluate field {name} in type {type_name(value)}")


def _items(value: Value) -> list[tuple[Value, Value]]:
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return [(place, place) for place in range(min(value, 100_000))]
    if value is None:
        return []
    raise TemplateFailure(f"range can't iterate over {shown(value)}")


def check_count(name: str, function: Callable[..., Value], count: int) -> None:
    """Raise TemplateFailure when a function cannot take so many arguments."""
    parameters = inspect.signature(function).parameters.values()
    least = sum(parameter.kind is not parameter.VAR_POSITIONAL for parameter in parameters)
    many = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    if count < least or (count > least and not many):
        want = f"at least {least}" if many else str(least)
        raise TemplateFailure(f"wrong number of args for {name}: want {want} got {count}")
