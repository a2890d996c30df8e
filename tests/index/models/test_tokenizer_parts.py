import base64
import json
from typing import Any

import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models import model, tokenizer_parts

SHIPPED = json.loads((model.shipped("reader") / model.TOKENIZER).read_text(encoding="utf-8"))
CLS, SEP = ({"SpecialToken": {"id": f"[{name}]", "type_id": 0}} for name in ("CLS", "SEP"))
TEXT = {"Sequence": {"id": "A", "type_id": 0}}
TEMPLATE = {"type": "TemplateProcessing", "single": [CLS, TEXT, SEP], "pair": [], "special_tokens": {}}


def changed(**sections: Any) -> bytes:
    return json.dumps(SHIPPED | sections).encode()


def replacing(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def table(*replacements: bytes) -> dict[str, Any]:
    content = (4).to_bytes(4, "little") + b"trie" + b"".join(each + b"\0" for each in replacements)
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(content).decode()}


def sequence(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(parts)}


@pytest.mark.parametrize("task", model.TASKS)
def test_the_tokenizers_that_ship_are_known(task: str) -> None:
    tokenizer_parts.check((model.shipped(task) / model.TOKENIZER).read_bytes())


@pytest.mark.parametrize(
    "sections",
    [
        {"normalizer": None, "pre_tokenizer": None, "post_processor": None},
        {
            "normalizer": sequence(
                replacing({"String": "``"}, '"'), {"type": "NFKD"}, {"type": "Lowercase"}, table("²".encode())
            )
        },
        {"normalizer": sequence({"type": "NFKC"}, replacing({"Regex": " {2,}"}, " "))},
        {"post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]}},
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0]]}},
        {"model": {"type": "BPE", "dropout": None, "vocab": {}, "merges": []}},
    ],
)
def test_what_the_family_has_is_known(sections: dict[str, Any]) -> None:
    tokenizer_parts.check(changed(**sections))


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"normalizer": replacing({"Regex": "(a|aa)+$"}, "x")}, "not known to end"),
        ({"normalizer": replacing({"Regex": r"\s+"}, "x" * 1000)}, "not known to end"),
        ({"normalizer": replacing({"String": "e"}, "ee")}, "by a longer one"),
        ({"normalizer": replacing({"String": ""}, "")}, "by a longer one"),
        ({"normalizer": {"type": "Prepend", "prepend": "x" * 5}}, "a long text before"),
        ({"normalizer": sequence(*[{"type": "Prepend", "prepend": "x"}] * 2)}, "more than once"),
        ({"normalizer": table(b"x" * 65)}, "by long texts"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}, "damaged table"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "BQAAAAA="}}, "damaged table"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": None}}, "TypeError"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "é"}}, "ValueError"),
        ({"normalizer": sequence(*[{"type": "NFKD"}] * 17)}, "17 parts"),
        ({"normalizer": {"type": "Evil"}}, "part 'Evil'"),
        ({"normalizer": {}}, "KeyError"),
        ({"normalizer": [1]}, "AttributeError"),
        ({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "((a+)+)+$"}}}, "part 'Split'"),
        ({"post_processor": TEMPLATE | {"single": [TEXT] * 20}}, "puts more"),
        ({"post_processor": TEMPLATE | {"special_tokens": {"[CLS]": {"ids": [101] * 100}}}}, "puts more"),
        ({"added_tokens": [{"id": i} for i in range(10_001)]}, "10,001 added tokens"),
        ({"model": {"type": "WordLevel", "vocab": {str(i): i for i in range(500_001)}}}, "500,001 words"),
        ({"model": SHIPPED["model"] | {"max_input_chars_per_word": 10**9}}, "words of 1000000000 characters"),
        ({"model": {"type": "BPE", "dropout": 0.5, "vocab": {}}}, "at random"),
        ({"model": {"type": "Evil", "vocab": {}}}, "part 'Evil'"),
        ({"model": None}, "TypeError"),
    ],
)  # fmt: skip
def test_what_can_grow_or_run_without_end_is_refused(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        tokenizer_parts.check(changed(**sections))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"{}"])
def test_what_is_no_tokenizer_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        tokenizer_parts.check(content)


def test_sequences_within_sequences_are_refused() -> None:
    opened = '{"type": "Sequence", "normalizers": ['
    content = changed(normalizer="@").replace(b'"@"', (opened * 800 + "]}" * 800).encode())
    with pytest.raises(ModelError):
        tokenizer_parts.check(content)
