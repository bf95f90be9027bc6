"""From tokens to pipelines: what stands inside an action (grammar: Go's text/template)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from watchkeeper.keeper.promql.quoting import unquote

from .errors import TemplateSyntaxError
from .lexer import Token
from .nodes import Chain, Command, Constant, Dot, Field, Function, Nil, Pipe, Term, Variable

WORDS = frozenset({"if", "else", "end", "range", "with", "template", "define", "block", "break", "continue"})
DEEPEST = 100


class PipelineParser:
    """Read tokens one after another; `variables` are those in scope, `depth` counts what is open."""

    def __init__(self, tokens: list[Token], functions: Collection[str], variables: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.functions = functions
        self.variables = variables
        self.depth = 0

    # --- tokens ---

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def skip_space(self) -> Token:
        while self.peek().kind == "space":
            self.take()
        return self.peek()

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        raise TemplateSyntaxError(message, self.peek().line if line is None else line)

    def close(self, context: str) -> None:
        token = self.skip_space()
        if token.kind != "close":
            self.fail(f"unexpected {token.text!r} in {context}")
        self.take()

    # --- pipelines ---

    def pipeline(self, context: str, closing: str = "close") -> Pipe:
        """Read declarations and commands up to (without) the closing token."""
        line = self.skip_space().line
        names, assigns = self.declarations(context)
        commands: list[Command] = []
        while True:
            token = self.skip_space()
            if token.kind == closing or (closing == ")" and token.text == ")"):
                break
            commands.append(self.command(context, len(commands) + 1))
            token = self.skip_space()
            if token.text == "|" and token.kind == "sign":
                self.take()
                if self.skip_space().kind == closing or self.peek().text == ")":
                    self.fail(f"missing value for {context}")
        if not commands:
            self.fail(f"missing value for {context}")
        return Pipe(line, names, assigns, tuple(commands))

    def declarations(self, context: str) -> tuple[tuple[str, ...], bool]:
        """Read `$a :=`, `$a =` or, in a range, `$a, $b :=`."""
        start, names = self.at, []
        while self.skip_space().kind == "variable":
            names.append(self.take().text)
            sign = self.skip_space()
            if sign.text in (":=", "=") and sign.kind == "sign":
                self.take()
                return self.declared(tuple(names), sign.text == "=", context), sign.text == "="
            if sign.text != "," or context != "range" or len(names) > 1:
                break
            self.take()
        self.at = start
        return (), False

    def declared(self, names: tuple[str, ...], assigns: bool, context: str) -> tuple[str, ...]:
        for name in names:
            if assigns and name not in self.variables:
                self.fail(f"undefined variable {name!r}")
        if not assigns:
            self.variables += names
        return names

    def command(self, context: str, stage: int) -> Command:
        terms: list[Term] = []
        while True:
            token = self.skip_space()
            if token.kind in ("close", "end") or (token.text in ("|", ")") and token.kind == "sign"):
                break
            terms.append(self.operand(context))
            after = self.peek()
            if after.kind not in ("space", "close") and after.text not in ("|", ")"):
                self.fail(f"unexpected {after.text!r} in operand")
        if not terms:
            self.fail("empty command")
        if stage > 1 and isinstance(terms[0], Constant | Dot | Nil):
            self.fail(f"non executable command in pipeline stage {stage}")
        return Command(tuple(terms))

    def operand(self, context: str) -> Term:
        """Read a term and the fields right behind it."""
        line = self.peek().line
        term = self.term(context)
        names: list[str] = []
        while self.peek().kind == "field":
            names.append(self.take().text[1:])
        if not names:
            return term
        match term:
            case Field(known):
                return Field((*known, *names))
            case Variable(name, known):
                return Variable(name, (*known, *names))
            case Constant() | Nil() | Dot():
                self.fail("unexpected . after a constant", line)
        return Chain(term, tuple(names))

    def term(self, context: str) -> Term:
        token = self.take()
        match token.kind:
            case "field":
                return Field((token.text[1:],))
            case "variable":
                return self.variable(token)
            case "word":
                return self.word(token)
            case "string" | "raw" | "char" | "number":
                return self.constant(token)
            case _ if token.text == ".":
                return Dot()
            case _ if token.text == "(":
                return self.parenthesised(context)
        self.fail(f"unexpected {token.text or 'EOF'!r} in {context}", token.line)

    def parenthesised(self, context: str) -> Pipe:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("nested too deep")
        pipe = self.pipeline("parenthesized pipeline", closing=")")
        self.take()
        self.depth -= 1
        return pipe

    def variable(self, token: Token) -> Variable:
        if token.text not in self.variables:
            self.fail(f"undefined variable {token.text!r}", token.line)
        return Variable(token.text, ())

    def word(self, token: Token) -> Term:
        if token.text in ("true", "false"):
            return Constant(token.text == "true")
        if token.text == "nil":
            return Nil()
        if token.text in WORDS:
            self.fail(f"unexpected <{token.text}> in operand", token.line)
        if token.text not in self.functions:
            self.fail(f"function {token.text!r} not defined", token.line)
        return Function(token.text)

    def constant(self, token: Token) -> Constant:
        try:
            if token.kind == "number":
                return Constant(_number(token.text))
            text = unquoted(token)
        except ValueError as error:
            self.fail(f"{error}: {token.text}", token.line)
        if token.kind == "char":
            if len(text) != 1:
                self.fail(f"malformed character constant: {token.text}", token.line)
            return Constant(ord(text))
        return Constant(text)


def unquoted(token: Token) -> str:
    """Return what a quoted token means."""
    return unquote(token.text)


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    if any(mark in plain.lower() for mark in ".e") and "x" not in plain.lower():
        return float(plain)
    digits = plain.lstrip("+-")
    if len(digits) > 1 and digits.isdigit() and digits[0] == "0":
        return int(plain, 8)
    number = int(plain, 0)
    if not -(2**63) <= number < 2**64:
        raise ValueError("integer overflow")
    return number
