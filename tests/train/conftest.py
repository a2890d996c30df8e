import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index import model


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders with a random BERT of two small layers and the tokenizer of the encoder that ships."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer_file = model.shipped("encoder") / "tokenizer.json"
    vocabulary = json.loads(tokenizer_file.read_text(encoding="utf-8"))["model"]["vocab"]

    def saved(task: str) -> Path:
        folder = tmp_path_factory.mktemp(f"tiny-{task}")
        torch.manual_seed(0)
        config = transformers.BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=512,
        )
        kind = transformers.BertModel if task == "encoder" else transformers.BertForQuestionAnswering
        kind(config).save_pretrained(folder)
        transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(tokenizer_file),
            unk_token="[UNK]",
            sep_token="[SEP]",
            cls_token="[CLS]",
            pad_token="[PAD]",
            mask_token="[MASK]",
        ).save_pretrained(folder)
        return folder

    return saved
