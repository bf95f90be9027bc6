"""From tokens to the tree of a template (grammar: Go's text/template)."""

from __future__ import annotations

from collections.abc import Collection

from .lexer import Token, tokens_of
from .nodes import Action, Body, Branch, Call, Jump, Node, Template, Text
from .pipelines import DEEPEST, WORDS, PipelineParser, unquoted


def parse(text: str, functions: Collection[str], variables: Collection[str] = ()) -> Template:
    """Read a template that may use these functions and these variables (`$labels`).

    Raises TemplateSyntaxError, also for a function or variable that does not exist.
    """
    parser = _Parser(tokens_of(text), functions, ["$", *variables])
    body, ended = parser.body(())
    if ended:
        parser.fail(f"unexpected {{{{{ended}}}}}")
    return Template(body, parser.defined)


class _Parser(PipelineParser):
    def __init__(self, tokens: list[Token], functions: Collection[str], variables: list[str]) -> None:
        super().__init__(tokens, functions, variables)
        self.defined: dict[str, Body] = {}
        self.loops = 0

    # --- bodies ---

    def body(self, ends: tuple[str, ...]) -> tuple[Body, str]:
        """Read nodes up to one of the ending words; return them and the word ('' at the text's end)."""
        nodes: list[Node] = []
        while True:
            token = self.take()
            if token.kind == "end":
                if ends:
                    self.fail("unexpected EOF")
                return tuple(nodes), ""
            if token.kind == "text":
                nodes.append(Text(token.text))
                continue
            word = self.skip_space()
            if word.kind == "word" and word.text in ("else", "end"):
                self.take()
                if word.text not in ends:
                    self.fail(f"unexpected {{{{{word.text}}}}}", word.line)
                if word.text == "end":
                    self.close("end")
                return tuple(nodes), word.text
            node = self.action(word)
            nodes += [] if node is None else [node]

    def action(self, word: Token) -> Node | None:
        """Read what follows an opening mark."""
        if word.kind != "word" or word.text not in WORDS:
            pipe = self.pipeline("command")
            self.close("command")
            return Action(pipe)
        self.take()
        match word.text:
            case "if" | "with" | "range":
                return self.branch(word.text)
            case "break" | "continue":
                return self.jump(word)
            case "template":
                return self.call(word.line)
            case "block":
                return self.block(word.line)
            case _:
                self.define(word)
                return None

    def branch(self, kind: str) -> Branch:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("nested too deep")
        known = len(self.variables)
        pipe = self.pipeline(kind)
        self.close(kind)
        self.loops += kind == "range"
        body, ended = self.body(("else", "end"))
        self.loops -= kind == "range"
        otherwise = self.otherwise(kind) if ended == "else" else ()
        del self.variables[known:]
        self.depth -= 1
        return Branch(kind, pipe, body, otherwise)  # type: ignore[arg-type]

    def otherwise(self, kind: str) -> Body:
        """Read what follows `else`: a body, or another branch of the same kind that shares the end."""
        word = self.skip_space()
        if kind != "range" and word.kind == "word" and word.text == kind:
            self.take()
            return (self.branch(kind),)
        self.close("else")
        body, _ = self.body(("end",))
        return body

    def jump(self, word: Token) -> Jump:
        if not self.loops:
            self.fail(f"{{{{{word.text}}}}} outside {{{{range}}}}", word.line)
        self.close(word.text)
        return Jump(word.text)  # type: ignore[arg-type]

    # --- named templates ---

    def name(self, context: str) -> str:
        token = self.skip_space()
        if token.kind not in ("string", "raw"):
            self.fail(f"unexpected {token.text!r} in {context}")
        return unquoted(self.take())

    def call(self, line: int) -> Call:
        name = self.name("template clause")
        pipe = None if self.skip_space().kind == "close" else self.pipeline("template clause")
        self.close("template clause")
        return Call(line, name, pipe)

    def block(self, line: int) -> Call:
        name = self.name("block clause")
        pipe = self.pipeline("block clause")
        self.close("block clause")
        self.definition(name)
        return Call(line, name, pipe)

    def define(self, word: Token) -> None:
        if self.depth:
            self.fail("unexpected {{define}}", word.line)
        name = self.name("define clause")
        self.close("define clause")
        self.definition(name)

    def definition(self, name: str) -> None:
        """Read a named body; it sees no variable but the data it is given."""
        outside = self.variables, self.loops, self.depth
        self.variables, self.loops, self.depth = ["$"], 0, outside[2] + 1
        if self.depth > DEEPEST:
            self.fail("nested too deep")
        body, _ = self.body(("end",))
        self.variables, self.loops, self.depth = outside
        if name in self.defined and any(not _blank(node) for node in body):
            self.fail(f"multiple definition of template {name!r}")
        self.defined.setdefault(name, body)


def _blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.text.strip()
