"""Text at the border: everything foreign is made inert here before it enters another language."""

import re
from collections.abc import Iterable

from cdkit.core.errors import RequestError

REPLACEMENT = "\ufffd"
"""What stands where a character may not: visible, and inert everywhere."""

# Patterns are text: `re` compiles and keeps each at its first use, which keeps our start short.
_SURROGATE = "[\ud800-\udfff]"
_ANSI = (
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor moves (ECMA-48, CSI)
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # titles, links
    "|\x1b[ -/]+[0-~]"
)
_BLANK = "[\t\n\v\f\r]+"
_LINE_END = "\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]"
_UNSEEN = (
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u2028\u2029"  # line ends that only some know
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # letters that turn the order of others round
    "\ud800-\udfff]"
)


def sound(text: str) -> str:
    """Return text that UTF-8 can hold: half characters (lone surrogates) are replaced.

    They occur in file names that are not UTF-8.
    """
    return text if text.isascii() else re.sub(_SURROGATE, REPLACEMENT, text)


def terminal(text: str) -> str:
    """Return foreign text as one line for people: no control character, no ANSI sequence.

    Characters that reverse the order of what is read (Unicode bidirectional controls) go too.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_UNSEEN, REPLACEMENT, re.sub(_BLANK, " ", re.sub(_ANSI, "", text)))


def terminal_lines(text: str) -> tuple[str, ...]:
    """Return foreign text as lines for people, each as `terminal` makes it."""
    lines = re.sub(_LINE_END, "\n", re.sub(_ANSI, "", text)).split("\n")
    return tuple(terminal(line) for line in lines)


_LEADING_COMMAND = "^((?:\\s|[\u200b\ufeff])*)::"
_COMMAND = r"##(?=\[|vso\[|teamcity\[)"


def log_line(line: str) -> str:
    """Return a finished line that no CI system takes for a command to itself.

    GitHub's runner obeys `::name::` after any leading blanks, and its old form `##[name]`
    anywhere in a line (actions/runner, ActionCommand.cs); `##vso[` is Azure's, `##teamcity[` is
    TeamCity's.
    """
    if "::" not in line and "##" not in line:
        return line
    return re.sub(_LEADING_COMMAND, r"\1: :", re.sub(_COMMAND, "# #", line))


def log_lines(lines: Iterable[str]) -> str:
    """Return finished lines as one text, each as `log_line` makes it, with its line end."""
    text = "".join([f"{line}\n" for line in lines])
    if "::" not in text and "##" not in text:
        return text
    return "".join([f"{log_line(line)}\n" for line in text.split("\n")[:-1]])


def command_data(text: str) -> str:
    """Return the data of a GitHub workflow command (what stands after the second `::`)."""
    text = sound(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return a property's value of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def azure_data(text: str) -> str:
    """Return the data of an Azure Pipelines logging command (what stands after the `]`).

    The agent looks for the first `##vso[` of a line and reads `%0D`, `%0A` and `%AZP25` back
    (microsoft/azure-pipelines-task-lib, taskcommand.ts); so a value can begin no second command.
    """
    text = sound(text)
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def azure_property(text: str) -> str:
    """Return a property's value of an Azure Pipelines logging command."""
    return azure_data(text).replace("]", "%5D").replace(";", "%3B")


_OUTPUT_NAME = "[A-Za-z_][A-Za-z0-9_-]*"
_DELIMITER = "[A-Za-z0-9_]+"


def output_block(name: str, value: str, delimiter: str = "") -> str:
    """Return one output as GITHUB_OUTPUT takes it: `name<<DELIMITER`, the value, the delimiter.

    Line ends become line feeds, what UTF-8 or an environment cannot hold is replaced. Without a
    delimiter one is made from the content's own hash, which the content cannot contain. Raises
    ValueError where the name is not one word or the delimiter occurs in the value.
    """
    if not re.fullmatch(_OUTPUT_NAME, name):
        msg = f"{name!r} cannot be the name of an output"
        raise ValueError(msg)
    value = sound(value.replace("\0", REPLACEMENT)).replace("\r\n", "\n").replace("\r", "\n")
    delimiter = delimiter or _delimiter(name, value)
    if not re.fullmatch(_DELIMITER, delimiter) or delimiter in value or delimiter in name:
        msg = f"the delimiter {delimiter!r} cannot end the output {name!r}"
        raise ValueError(msg)
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _delimiter(name: str, value: str) -> str:
    from hashlib import sha256  # loads OpenSSL: only where there are outputs to write

    seed = f"{name}\n{value}"
    while True:
        seed = sha256(seed.encode()).hexdigest()
        if (found := f"cdkit_{seed}") not in value:
            return found


_MARKDOWN = r"(?i)(?P<reference>[@#](?=[\w-])|\bGH-(?=\d)|://|www(?=\.))|[\\`*_\[\]~$<>&|]"
_MARKDOWN_START = r"[#+=>:-]|\d+(?=[.)])"
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}


def markdown(text: str) -> str:
    """Return foreign text as inline GitHub-flavoured Markdown that shows just this text.

    One line, safe in a table cell and at the start of a line: no markup, HTML, link, mention or
    issue reference comes alive (a zero-width space stands in the last three), and no CI system
    finds a command in it when it is printed into a log.
    """
    text = re.sub(_MARKDOWN, _in_markdown, terminal(text))
    if text[:1] == " ":
        return f"&#32;{text[1:]}"
    if found := re.match(_MARKDOWN_START, text):
        return text[: found.end() - 1] + _at_start(text, found.end())
    return text


def _at_start(text: str, end: int) -> str:
    """Disarm a list, heading or rule that `text` would begin: its marker ends before `end`."""
    if text[end - 1].isdigit():
        return f"{text[end - 1]}\\{text[end:]}"
    return f"\\{text[end - 1 :]}"


def _in_markdown(found: re.Match[str]) -> str:
    text = found.group()
    if not found["reference"]:
        return _HTML.get(text, f"\\{text}")
    if text == "://":
        return ":&#8203;//"
    return f"{text}&#8203;"


def markdown_code(text: str) -> str:
    """Return foreign text as inline code, in a table cell too; nothing for no text."""
    shown = terminal(text)
    if not shown:
        return ""
    if any(mark in shown for mark in ("`", "|", "##")) or shown != shown.strip():
        return f"<code>{markdown(shown)}</code>"
    return f"`{shown}`"


def markdown_link(text: str, url: str) -> str:
    """Return a link to an http or https address; for any other address the text alone."""
    address = web_address(url)
    return f"[{markdown(text)}]({address})" if address else markdown(text)


def web_address(url: str) -> str:
    """Return an http or https address, percent-encoded where it must be; nothing for any other.

    No `javascript:`, `data:` or `file:` address, and none that only its beginning makes one.
    """
    if not url.lower().startswith(("https://", "http://")):
        return ""
    return _percent(url, _URL_SAFE)


_PCHAR = r"(?:[!$&'()*+,./0-9:;=?@A-Z_a-z~-]|%[0-9A-Fa-f]{2})*"
_URI = rf"(?a)https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?]{_PCHAR})?(?:#{_PCHAR})?"


def web_uri(url: str) -> str:
    """Return an http or https address where that is a URI (RFC 3986, 3), else nothing.

    Who checks a document for `"format": "uri"` refuses all of it for one that is none.
    """
    address = web_address(url)
    return address if re.fullmatch(_URI, address) else ""


_XML_ILLEGAL = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_XML_COMMAND = r"(?m)#(?=#)|^(?P<blank>[^\S\n]*):(?=:)"


def slack(text: str) -> str:
    """Return foreign text for Slack's mrkdwn: no mention and no link comes alive.

    Source: Slack, "Formatting text for app surfaces": only `&`, `<` and `>` are control characters.
    """
    return terminal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def adaptive_card(text: str) -> str:
    """Return foreign text for an adaptive card's Markdown: no link and no emphasis comes alive."""
    return re.sub(r"([\\\[\]()*_`<>])", r"\\\1", terminal(text))


def xml_text(text: str) -> str:
    """Return text for between two tags (XML 1.0, production 2): what XML cannot hold is replaced.

    A line that a CI system would take for a command is written with character references, so that
    a report printed into a log stays data.
    """
    text = re.sub(_XML_ILLEGAL, REPLACEMENT, text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("\r", "&#13;")
    return re.sub(_XML_COMMAND, _in_xml, text)


def _in_xml(found: re.Match[str]) -> str:
    return "&#35;" if found["blank"] is None else f"{found['blank']}&#58;"


def xml_attribute(text: str) -> str:
    """Return text for between double quotes; line ends and tabs survive as references."""
    text = xml_text(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;")


def html(text: str) -> str:
    """Return foreign text as one line of HTML, for between two tags or between double quotes.

    No control character and no letter that turns the order of others round is left, and no CI
    system finds a command in it when the page is printed into a log.
    """
    return xml_attribute(terminal(text)).replace("'", "&#39;")


_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_URL_SAFE = _UNRESERVED | frozenset(b":/?#[]@!$&'*+,;=%")
_MARK = ord("%")
_DOTENV_SAFE = _UNRESERVED | frozenset(b"/:@+=,")


def _percent(text: str, safe: frozenset[int]) -> str:
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    unsafe = set(data.translate(None, bytes(safe - {_MARK})))
    for byte in sorted(unsafe, key=lambda one: one != _MARK):  # its own mark first
        if byte not in safe:
            data = data.replace(bytes((byte,)), b"%%%02X" % byte)
    return data.decode("ascii")


def uri_path(path: str) -> str:
    """Return a file's path as a URI reference (RFC 3986): relative, or `file:` where absolute.

    Bytes of a file name that are not UTF-8 survive.
    """
    encoded = _percent(path, _UNRESERVED | {ord("/")})
    return f"file://{encoded}" if path.startswith("/") else encoded


def shell_word(text: str) -> str:
    """Return one word for a POSIX shell (2.2.2, single quotes): always quoted.

    Raises RequestError for a NUL, which no argument can hold.
    """
    if "\0" in text:
        raise RequestError("a word for the shell holds a NUL byte", remedy="take the NUL out")
    return "'" + text.replace("'", "'\\''") + "'"


_GROOVY = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\t": "\\t"}
)


def groovy_string(text: str) -> str:
    """Return a Groovy string in single quotes, in which `$` means nothing.

    No Unicode escape is written: Groovy reads those before it knows where a string ends. NUL and
    half characters, which no source file can hold, are replaced.
    """
    return "'" + sound(text).replace("\0", REPLACEMENT).translate(_GROOVY) + "'"


_NOT_IN_SECTION = "[^A-Za-z0-9_.-]+"


def gitlab_section(name: str) -> str:
    """Return a name for a GitLab log section: letters, digits, `_`, `.` and `-`, never empty."""
    return re.sub(_NOT_IN_SECTION, "_", name) or "section"


def dotenv_value(text: str) -> str:
    """Return a value for a GitLab dotenv report, percent-encoded where it must be.

    GitLab takes no quotes, no blank, no second line and no `$` in a value. What is left as it is:
    letters, digits and `-._~/:@+=,`, so that references, digests and counts read as themselves.
    """
    return _percent(text, _DOTENV_SAFE)


def bake_string(text: str) -> str:
    """Return text that a bake file in JSON takes as it is, the quotes left to the JSON encoder.

    HCL reads each string of its JSON as a template (HCL "JSON Syntax Specification",
    "Expressions"): `${` and `%{` begin an expression, and their first character twice is plain.
    """
    return sound(text).replace("${", "$${").replace("%{", "%%{")
