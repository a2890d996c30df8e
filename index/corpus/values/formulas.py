"""Formulas in MathML and TeX as readable text, so that their values can be found and quoted."""

import re

from lxml import etree

from bioqa.index.corpus.values import superscripts
from bioqa.index.corpus.values.superscripts import LOWERED, RAISED

_LONGEST = 2_000  # characters of a formula; a longer one holds no value that can be quoted
_DEEPEST = 50  # levels
_MOST = 1_000  # elements
_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)  # as PMC writes TeX
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_TOKEN = re.compile(r"\\[A-Za-z]+\*?\s*|\\.|[{}^_$&~]|[^\\{}^_$&~]+", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^{}]*\}(?:\{[lcr|]*\})?")
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "upmu": "μ", "upalpha": "α", "upbeta": "β", "upgamma": "γ",
    "pm": " ± ", "mp": " ∓ ", "times": " × ", "cdot": "·", "div": " ÷ ", "le": " ≤ ", "leq": " ≤ ", "leqslant": " ≤ ",
    "ge": " ≥ ", "geq": " ≥ ", "geqslant": " ≥ ", "lt": " < ", "gt": " > ", "ne": " ≠ ", "neq": " ≠ ", "approx": " ≈ ",
    "simeq": " ≃ ", "sim": " ~ ", "cong": " ≅ ", "equiv": " ≡ ", "propto": " ∝ ", "infty": "∞", "degree": "°",
    "circ": "°", "prime": "′", "to": " → ", "rightarrow": " → ", "leftarrow": " ← ", "rightleftharpoons": " ⇌ ",
    "uparrow": "↑", "downarrow": "↓", "sum": "∑", "int": "∫", "prod": "∏", "partial": "∂", "ldots": "...",
    "dots": "...", "cdots": "...", "percent": "%", "textdegree": "°", "textmu": "μ", "ll": " ≪ ", "gg": " ≫ ",
    "quad": " ", "qquad": " ", "hspace": " ", "in": " ∈ ", "langle": "⟨", "rangle": "⟩", "mid": "|", "vert": "|",
    "cup": " ∪ ", "cap": " ∩ ", "cdotp": "·", "bullet": "·", "ast": "*", "star": "*",
}  # fmt: skip
_WITHOUT_TEXT = {  # commands that only change how something looks
    "bf", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "boldsymbol", "bm", "displaystyle", "hat", "it", "left",
    "limits", "mathbb", "mathbf", "mathcal", "mathit", "mathrm", "mathsf", "mathop", "mathord", "mathrel", "mbox",
    "nolimits", "operatorname", "overline", "bar", "rm", "right", "scriptstyle", "text", "textbf", "textit", "textrm",
    "textsf", "textstyle", "textup", "tilde", "underline", "unboldmath", "vec", "widehat", "ensuremath", "kern",
    "rmfamily", "nonumber", "notag", "hfill", "hbox", "mathstrut", "protect",
}  # fmt: skip
_RELATIONS = set("=<>≤≥≈≠±×≃≅≡∝→")
_UNSPACED = re.compile(r"\s+(?=[,;:)\]%])|(?<=[(\[])\s+")
_ONE = re.compile(r"\w+(?:[.,]\w+)*")


def from_tex(source: str) -> str:
    """Readable text of a formula in TeX: "12.5 ± 0.3", "10⁶", "(a + b)/c". Empty if it is too long."""
    body = _BODY.search(source[: 4 * _LONGEST])
    written = (body[1] if body else source).strip()
    if len(written) > _LONGEST:
        return ""
    tokens = _TOKEN.findall(_ENVIRONMENT.sub(" ", _COMMENT.sub("", written)))
    tokens.reverse()
    pieces: list[str] = []
    while tokens:
        pieces.append(_sequence(tokens, 0))
    return _tidy("".join(pieces))


def _sequence(tokens: list[str], depth: int) -> str:
    """The text up to the end of a group."""
    text = ""
    while tokens:
        if tokens[-1] == "}":
            tokens.pop()
            break
        text += _item(tokens, text, depth)
    return text


def _item(tokens: list[str], before: str, depth: int) -> str:
    """The text of the next piece with its arguments."""
    piece = tokens.pop()
    name = piece[1:].strip().rstrip("*") if piece.startswith("\\") else ""
    if piece == "{":
        return _sequence(tokens, depth + 1) if depth < _DEEPEST else ""
    if piece in ("^", "_"):
        inside = _argument(tokens, depth)
        return _script(before, inside, RAISED if piece == "^" else LOWERED)
    if name in ("frac", "dfrac", "tfrac", "cfrac"):
        return _fraction(_argument(tokens, depth), _argument(tokens, depth))
    if name == "sqrt":
        return f"√{_grouped(_argument(tokens, depth))}"
    if name in ("usepackage", "documentclass", "setlength", "vspace", "label", "tag", "color"):
        _argument(tokens, depth)
        return " "
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    if name and name[0].isalpha():
        return "" if name in _WITHOUT_TEXT else f" {name} "
    if piece.startswith("\\"):
        return name if name in "%$&#_{}" else " "
    return {"$": "", "&": " ", "~": " "}.get(piece, piece)


def _argument(tokens: list[str], depth: int) -> str:
    """The next group, or the next character where there are no braces."""
    while tokens and tokens[-1].isspace():
        tokens.pop()
    if not tokens or tokens[-1] == "}" or depth >= _DEEPEST:
        return ""
    if tokens[-1][0] not in "\\{}^_$&~" and len(tokens[-1].lstrip()) > 1:
        rest = tokens.pop().lstrip()
        tokens.append(rest[1:])
        return rest[0]
    return _item(tokens, "", depth + 1).strip()


def _script(before: str, inside: str, kind: str) -> str:
    if inside in ("°", "′", "*"):
        return inside
    written = superscripts.write(before, inside, kind)
    return written if written != inside or kind == LOWERED or not before[-1:].isalnum() else f"^{_grouped(inside)}"


def _fraction(above: str, below: str) -> str:
    return f"{_grouped(above)}/{_grouped(below)}"


def _grouped(text: str) -> str:
    bare = text.strip()
    return bare if len(bare) < 2 or _ONE.fullmatch(bare) else f"({bare})"


def _tidy(text: str) -> str:
    return _UNSPACED.sub("", " ".join(text.split()))


def spell_out(record: etree._Element) -> None:
    """Replace the formulas of a record by readable text: MathML, and TeX where there is no MathML beside it."""
    for math in list(record.iter("{*}math")):
        if math.find(".//{*}msup") is not None or math.find(".//{*}mfrac") is not None or _has_scripts(math):
            text = _tidy(_from_mathml(math, 0, [0]))
            for child in list(math):
                math.remove(child)
            math.text = text
    parent, with_mathml = None, False
    for tex in list(record.iter("{*}tex-math")):
        around = tex.getparent()
        if around is not parent:  # looked at once, because a parent may hold any number
            parent = around
            with_mathml = around is not None and any(around.find(path) is not None for path in _BESIDE)
        if not with_mathml:
            text = from_tex("".join(map(str, tex.itertext())))
            for child in list(tex):
                tex.remove(child)
            tex.text = text
            tex.tag = TEX


TEX = "tex-text"  # the name of an element with TeX that was made readable
_BESIDE = ("{*}math", "{*}alternatives/{*}math")
_SCRIPTS = ("msubsup", "munderover", "mover", "munder", "msqrt", "mroot", "msub")


def _has_scripts(math: etree._Element) -> bool:
    return any(math.find(f".//{{*}}{name}") is not None for name in _SCRIPTS)


def _from_mathml(element: etree._Element, depth: int, count: list[int]) -> str:
    """The text of a MathML element. `count` holds the number of elements so far."""
    count[0] += 1
    if depth > _DEEPEST or count[0] > _MOST or not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2]
    if name in ("annotation", "annotation-xml"):
        return ""
    if name == "mspace":
        return " "
    inside = list(element.iterchildren("*"))
    if not inside:
        text = " ".join((element.text or "").split()).strip("\u2061\u2062\u2063")
        return f" {text} " if text in _RELATIONS else text
    parts: list[str] = []
    for child in inside:
        parts.append(_from_mathml(child, depth + 1, count))
    base = parts[0].strip()
    if name == "msup" and len(parts) == 2:
        return base + _script(base, parts[1].strip(), RAISED)
    if name in ("msub", "munder") and len(parts) == 2:
        return base + _script(base, parts[1].strip(), LOWERED)
    if name in ("msubsup", "munderover") and len(parts) == 3:
        lowered = base + _script(base, parts[1].strip(), LOWERED)
        return lowered + _script(lowered, parts[2].strip(), RAISED)
    if name == "mfrac" and len(parts) == 2:
        return _fraction(*parts)
    if name == "msqrt":
        return f"√{_grouped(''.join(parts))}"
    if name == "mroot":
        return f"√{_grouped(base)}"
    return "".join(parts) if name != "mtr" else " ".join(parts)
