"""A cursor over tokens: what the readers of single statements are written with."""

from collections.abc import Sequence

from cdkit.migrations.guesses import TEMPLATE, is_template
from cdkit.migrations.nouns import Name
from cdkit.migrations.reading.names import Anycase, unquoted
from cdkit.migrations.reading.scan import Token
from cdkit.migrations.statement import Statement


class UnexpectedError(Exception):
    """A statement has a form that its reader does not know: what was found, at which byte."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.what = what
        self.at = at


class Cursor:
    """The tokens of a statement, and how far they are read."""

    def __init__(self, tokens: Sequence[Token], end: int, *, anycase: bool = False) -> None:
        self.tokens = tokens
        self.position = 0
        self._end = Token("end", end, end, "")
        self._stop = len(tokens)
        self._anycase = anycase

    def peek(self, ahead: int = 0) -> Token:
        """Return a token to come; a token of the kind `end` where there is none."""
        index = self.position + ahead
        return self.tokens[index] if index < self._stop else self._end

    @property
    def at(self) -> int:
        """The byte of the next token."""
        return self.peek().start

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.position >= self._stop

    def next(self) -> Token:
        """Return the next token and go past it."""
        token = self.peek()
        self.position += 1
        return token

    def sees(self, *words: str) -> bool:
        """Whether these words or marks come next."""
        index = self.position
        for word in words:
            if index >= self._stop or self.tokens[index].up != word:
                return False
            index += 1
        return True

    def take(self, *words: str) -> bool:
        """Go past these words or marks if they come next; say whether they did."""
        if not self.sees(*words):
            return False
        self.position += len(words)
        return True

    def any_of(self, *words: str) -> str:
        """Go past the next word if it is one of these, and return it; else an empty text."""
        return self.next().up if self.peek().up in words else ""

    def expect(self, *words: str) -> None:
        """Go past these words. Raises UnexpectedError where something else stands."""
        if not self.take(*words):
            raise self.unexpected(" ".join(words))

    def ended(self) -> None:
        """See that nothing is left. Raises UnexpectedError."""
        if not self.done:
            raise self.unexpected("the end")

    def unexpected(self, wanted: str) -> UnexpectedError:
        """Return the error that something else was wanted here."""
        token = self.peek()
        found = "the end" if token.kind == "end" else repr(token.text[:40])
        return UnexpectedError(f"expected {wanted}, found {found}", token.start)

    def identifier(self) -> str:
        """Return a name and go past it; its case does not count."""
        token = self.peek()
        if token.kind not in {"word", "name", "string"} or not token.closed:
            raise self.unexpected("a name")
        self.position += 1
        return Anycase(unquoted(token.text))

    def table(self) -> Name:
        """Return the name of a table (or of something else in a schema) and go past it."""
        first = self.identifier()
        schema, name = ("", first)
        if self.take("."):
            schema, name = first, self.identifier()
        kept = (lambda text: text) if self._anycase else str
        return Name(kept(schema), kept(name))

    def inside(self) -> list[Token]:
        """Return the tokens in the parentheses that open here, and go past them."""
        self.expect("(")
        begin, depth = self.position, 1
        while depth:
            token = self.next()
            if token.kind == "end":
                raise self.unexpected(")")
            depth += (token.up == "(") - (token.up == ")")
        return list(self.tokens[begin : self.position - 1])

    def until_comma(self) -> list[Token]:
        """Return the tokens up to the next comma outside parentheses (or the end)."""
        begin, depth = self.position, 0
        while not self.done:
            token = self.peek()
            if depth == 0 and token.up in {",", ")"}:
                break
            depth += (token.up == "(") - (token.up == ")")
            self.position += 1
        return list(self.tokens[begin : self.position])

    def within(self, tokens: list[Token]) -> "Cursor":
        """Return a cursor over tokens of this one."""
        end = tokens[-1].end if tokens else self.at
        return Cursor(tokens, end, anycase=self._anycase)


def explained(fault: UnexpectedError, statement: Statement) -> str:
    """Return what is so: a template that nobody rendered, or what was found."""
    start = fault.at - statement.start
    if is_template(statement.node, start):
        return f"{TEMPLATE}: give the rendered migration"
    return fault.what


def said(tokens: Sequence[Token]) -> str:
    """Return tokens as one line of SQL, the same for the same tokens."""
    out, sign, end = "", "", -1
    for token in tokens:
        joined = token.start == end and sign + token.text in _SIGNS
        tight = joined or not out or token.text in {")", ",", ".", "("} or out[-1] in "(."
        out += token.text if tight else f" {token.text}"
        sign, end = (sign if joined else "") + token.text, token.end
    return out


_SIGNS = frozenset(
    {"<=", ">=", "<>", "!=", ":=", "||", "&&", "->", "->>", "<<", ">>", "<=>", "==", "<@", "@>"}
)
"""Operators of more than one mark, which the scan yields one by one."""


def pieces(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split tokens at the commas outside parentheses."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.up == "," and depth == 0:
            found.append([])
            continue
        depth += (token.up == "(") - (token.up == ")")
        found[-1].append(token)
    return [piece for piece in found if piece]
