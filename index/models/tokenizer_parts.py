"""Validation of tokenizer.json: only components of BERT-family tokenizers are accepted.

The tokenizers package runs whatever the file specifies, including patterns of exponential time and replacements that
make a text a million times as long.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bioqa.index.errors import ModelError

_PATTERNS = {" {2,}", r"\s+", r"\A +| +\z", r"\A▁"}  # written by conversion from SentencePiece; all take linear time
_MOST_PARTS = 16  # of a normalizer, a pre-tokenizer or a post-processor; ALBERT's normalizer has six
_MOST_ADDED = 10_000  # tokens beside the vocabulary; BERT's have five
_MOST_WORDS = 500_000  # XLM-RoBERTa has 250,002
_LONGEST_WORD = 1_000  # characters that WordPiece processes, in quadratic time; BERT's limit is 100
_LONGEST_REPLACEMENT = 64  # bytes per character in SentencePiece's table; the longest of NFKC has 33


def check(content: bytes) -> None:
    """Raise ModelError, without the file name, if the content is not a tokenizer or has unknown components."""
    try:
        fields = json.loads(content.decode("utf-8"))
        words, added = fields["model"]["vocab"], fields.get("added_tokens") or []
        if len(words) > _MOST_WORDS or len(added) > _MOST_ADDED:
            raise ModelError(
                f"has {len(words):,} words and {len(added):,} added tokens; expected at most {_MOST_WORDS:,}"
                f" and {_MOST_ADDED:,}"
            )
        for section, known in _KNOWN.items():
            parts = list(_parts(fields.get(section), section))
            if len(parts) > _MOST_PARTS:
                raise ModelError(f"its {section} has {len(parts)} parts, more than {_MOST_PARTS}")
            for part in parts:
                kind = part["type"]
                if kind not in known:
                    raise ModelError(f"its {section} has a part {kind!r:.100}, which no model of BERT's family has")
                problem = known[kind](part)
                if problem:
                    raise ModelError(f"its {section} {problem}")
            if sum(part["type"] in _ONCE for part in parts) > 1:
                raise ModelError(f"its {section} makes texts longer more than once")
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{type(error).__name__}: {error}"[:200]) from None


def _parts(value: Any, section: str) -> Iterator[Mapping[str, Any]]:
    """The components of a section in order, with sequences flattened."""
    if value is None:
        return
    if value.get("type") != "Sequence":
        yield value
        return
    for part in value[{"normalizer": "normalizers", "pre_tokenizer": "pretokenizers"}.get(section, "processors")]:
        yield from _parts(part, section)


def _accept(_: Mapping[str, Any]) -> str:
    return ""


def _replace(part: Mapping[str, Any]) -> str:
    pattern, new = part["pattern"], part["content"]
    if "Regex" in pattern:
        known = pattern["Regex"] in _PATTERNS and len(new) <= 2
        return "" if known else f"replaces by the pattern {pattern['Regex']!r:.100}, which is not known to end"
    return "" if 0 < len(pattern["String"]) >= len(new) else "replaces a text by a longer one"


def _prepend(part: Mapping[str, Any]) -> str:
    return "" if len(part["prepend"]) <= 4 else "puts a long text before every text"


def _precompiled(part: Mapping[str, Any]) -> str:
    """Check a table of a trie, preceded by its size, and replacements that end with zeros."""
    table = base64.b64decode(part["precompiled_charsmap"], validate=True)
    size = int.from_bytes(table[:4], "little")
    if not 4 <= size <= len(table) - 4 or size % 4:
        return "has a damaged table of characters"  # at which the tokenizers package panics
    replacements = table[4 + size :].split(b"\0")
    return "" if max(map(len, replacements)) <= _LONGEST_REPLACEMENT else "replaces characters by long texts"


def _wordpiece(part: Mapping[str, Any]) -> str:
    longest = part.get("max_input_chars_per_word", 100)
    return "" if 0 < longest <= _LONGEST_WORD else f"looks at words of {longest!r:.100} characters"


def _bpe(part: Mapping[str, Any]) -> str:
    return "cuts words at random" if part.get("dropout") else ""


def _template(part: Mapping[str, Any]) -> str:
    pieces = [*part["single"], *part["pair"]]
    ids = [number for token in dict(part["special_tokens"]).values() for number in token["ids"]]
    return "puts more around a text than a few tokens" if len(pieces) + len(ids) > _MOST_PARTS else ""


_Known = Mapping[str, Callable[[Mapping[str, Any]], str]]
_KNOWN: Mapping[str, _Known] = {
    "normalizer": {
        **dict.fromkeys(
            ("BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Strip", "StripAccents"), _accept
        ),
        "Precompiled": _precompiled,
        "Prepend": _prepend,
        "Replace": _replace,
    },
    "pre_tokenizer": dict.fromkeys(
        ("BertPreTokenizer", "ByteLevel", "Digits", "Metaspace", "Punctuation", "Whitespace", "WhitespaceSplit"),
        _accept,
    ),
    "model": {"BPE": _bpe, "Unigram": _accept, "WordLevel": _accept, "WordPiece": _wordpiece},
    "post_processor": {
        **dict.fromkeys(("BertProcessing", "ByteLevel", "RobertaProcessing"), _accept),
        "TemplateProcessing": _template,
    },
}
"""The accepted component types of each section, with functions that return what is wrong with a component."""
_ONCE = {"Precompiled", "Prepend", "TemplateProcessing", "BertProcessing", "RobertaProcessing"}
