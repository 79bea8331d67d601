"""Turn a checkpoint into the folder that MODEL_URL=local:<folder> reads: python -m training.export --out <folder>

Through transformers' GPTJForCausalLM, whose logits must equal ours, and CTranslate2's converter (int8).
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import ctranslate2
import torch
from transformers import GPTJConfig, GPTJForCausalLM, PreTrainedTokenizerFast

from training.model import GPTJ, Shape
from training.tokenizer import END

# Rounding of float32 in sums of a few hundred products.
TOLERANCE = 1e-5
# How the worker runs it, unless the operator set something else. The replies were learned in several wordings:
# at this temperature they vary and hardly ever go wrong. No sample was longer than the window.
GENERATION = {
    "name": "the embedded demo model",
    "context_tokens": 512,
    "max_new_tokens": 160,
    "temperature": 0.3,
    "top_k": 20,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("var/training/checkpoint.pt"))
    parser.add_argument("--tokenizer", type=Path, default=Path("var/training/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("var/training/model"))
    parser.add_argument("--quantization", default="int8")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        difference = write_transformers(options.checkpoint, options.tokenizer, Path(folder))
        print(f"logits differ from transformers' by {difference:.1e} of the largest")
        if difference > TOLERANCE:
            raise SystemExit("This is not GPT-J.")
        converted = Path(folder) / "converted"
        ctranslate2.converters.TransformersConverter(folder).convert(
            str(converted), quantization=options.quantization
        )
        shutil.copy(options.tokenizer, converted / "tokenizer.json")
        (converted / "generation.json").write_text(json.dumps(GENERATION, indent=2) + "\n")
        # Into the folder as it is: its README stays.
        shutil.copytree(converted, options.out, dirs_exist_ok=True)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    print(f"{options.out}: {size / 1e6:.1f} MB")


def write_transformers(checkpoint: Path, tokenizer: Path, folder: Path) -> float:
    """A checkpoint for transformers. Returns by which part of the largest logit its logits differ from ours."""
    stored = torch.load(checkpoint, map_location="cpu")
    shape = Shape(**stored["shape"])
    ours = GPTJ(shape).eval()
    ours.load_state_dict(stored["weights"])
    fast = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), bos_token=END, eos_token=END, unk_token=END)
    config = GPTJConfig(
        vocab_size=shape.vocabulary,
        n_positions=shape.positions,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        rotary_dim=shape.rotary,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
        tie_word_embeddings=False,
    )
    theirs = GPTJForCausalLM(config).eval()
    theirs.load_state_dict(stored["weights"])
    ids = torch.randint(shape.vocabulary, (4, 100))
    with torch.no_grad():
        logits = ours(ids)
        difference = float((logits - theirs(ids).logits).abs().max() / logits.abs().max())
    theirs.save_pretrained(folder)
    fast.save_pretrained(folder)
    return difference


if __name__ == "__main__":
    main()
