"""Greek letters spelled out, so that TNF-α and TNF-alpha match."""

import re

_NAMES = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}
_MICRO = "\u00b5"  # looks like μ and is often used in its place
_TABLE = str.maketrans(
    {form: f" {name} " for letter, name in _NAMES.items() for form in (letter, letter.upper())} | {_MICRO: " mu "}
)
LETTER = re.compile(f"[{''.join(map(chr, _TABLE))}]")
NAME = re.compile("|".join(_NAMES.values()))


def spell_out(text: str) -> str:
    """The text with each Greek letter replaced by its name between blanks."""
    return text.translate(_TABLE)
