"""Train the model: python -m training.train --minutes 60

The learning rate follows the clock: it rises, stays, and falls to nothing when the time is up. A checkpoint is
written every few minutes. On a GPU it is the same command with --device cuda.
"""

import argparse
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from training.model import GPTJ, Shape

WARM_UP = 0.01
# Muon's rate for the matrices inside the blocks, AdamW's for all else. With batches this small more does harm: at
# four times as much the loss stayed at 0.18, with these it was 0.11 six minutes later.
MATRIX_RATE = 0.005
OTHER_RATE = 0.00075
# Samples that are sorted by length together, so that a batch has little padding.
_POOL = 4096
# Sizes are rounded up to these.
LENGTH_STEP = 8
WANTED_STEP = 256
IGNORED = -100  # What cross_entropy leaves out.

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = np.load(options.data / "data.npz")
    model = GPTJ(Shape(width=options.width, layers=options.layers, heads=options.width // 64)).to(options.device)
    if options.resume:
        model.load_state_dict(torch.load(options.resume)["weights"])
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)
    _train(model, data, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--data", type=Path, default=Path("var/training"))
    parser.add_argument("--out", type=Path, default=Path("var/training/checkpoint.pt"))
    parser.add_argument("--resume", type=Path, help="begin with these weights")
    parser.add_argument("--rate", type=float, default=1.0, help="less than 1 to go on with trained weights")
    parser.add_argument("--decay", type=float, default=0.45, help="the part of the time in which the rate falls")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint-minutes", type=float, default=3)
    return parser.parse_args()


def _train(model: GPTJ, data: np.lib.npyio.NpzFile, options: argparse.Namespace) -> None:
    matrices = [weight for name, weight in model.named_parameters() if ".h." in name and weight.ndim == 2]
    others = [weight for name, weight in model.named_parameters() if ".h." not in name or weight.ndim < 2]
    muon = torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01)
    adam = torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    start = told = saved = time.monotonic()
    tokens = 0
    losses: list[float] = []
    for step, (inputs, wanted, targets) in enumerate(
        batches(data, options.batch_tokens, options.seed, options.device)
    ):
        share = (time.monotonic() - start) / (60 * options.minutes)
        if share >= 1:
            break
        rate = options.rate * min(1.0, share / WARM_UP, (1 - share) / options.decay)
        for optimizer, full in ((muon, MATRIX_RATE), (adam, OTHER_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = full * max(rate, 0.001)
        with torch.autocast(options.device, torch.bfloat16):
            logits = model(inputs, wanted)
        loss = functional.cross_entropy(logits.float(), targets)
        loss.backward()
        for optimizer in (muon, adam):
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens += inputs.numel()
        losses.append(loss.item())
        now = time.monotonic()
        if now - told > 20:
            print(
                f"{(now - start) / 60:5.1f} min  step {step}  {tokens / 1e6:.2f} M tokens  "
                f"{tokens / (now - start):,.0f}/s  rate {rate:.3f}  loss {np.mean(losses):.4f}",
                flush=True,
            )
            told, losses = now, []
        if now - saved > 60 * options.checkpoint_minutes:
            save(model, options.out, tokens, step)
            saved = now
    save(model, options.out, tokens, step)
    print(f"done: {tokens:,} tokens in {(time.monotonic() - start) / 60:.1f} min", flush=True)


def save(model: GPTJ, path: Path, tokens: int, step: int) -> None:
    """Whole or not at all: the file may be read at any moment."""
    written = path.with_suffix(".part")
    torch.save(
        {"shape": dataclasses.asdict(model.shape), "weights": model.state_dict(), "tokens": tokens, "steps": step},
        written,
    )
    written.replace(path)


def batches(data: np.lib.npyio.NpzFile, batch_tokens: int, seed: int, device: str) -> Iterator[Batch]:
    """For ever: inputs, the places in the flattened batch whose next token is learned, and those tokens."""
    lengths, tokens, learned = data["lengths"], data["tokens"].astype(np.int64), data["learned"]
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(lengths))
        for first in range(0, len(order), _POOL):
            pool = order[first : first + _POOL]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            rows = _rows(lengths[pool], batch_tokens)
            for at in rng.permutation(len(rows)):
                chosen = pool[rows[at]]
                longest = _padded(int(lengths[chosen].max()), LENGTH_STEP)
                ids = np.zeros((len(chosen), longest), np.int64)
                flags = np.zeros((len(chosen), longest), bool)
                for row, sample in enumerate(chosen):
                    span = slice(starts[sample], starts[sample] + lengths[sample])
                    ids[row, : lengths[sample]] = tokens[span]
                    flags[row, : lengths[sample]] = learned[span]
                inputs, targets, wanted = ids[:, :-1], ids[:, 1:], flags[:, 1:]
                places = np.flatnonzero(wanted)
                spare = _padded(len(places), WANTED_STEP) - len(places)
                yield (
                    torch.from_numpy(np.ascontiguousarray(inputs)).to(device),
                    torch.from_numpy(np.pad(places, (0, spare))).to(device),
                    torch.from_numpy(np.pad(targets[wanted], (0, spare), constant_values=IGNORED)).to(device),
                )


def _rows(lengths: np.ndarray, batch_tokens: int) -> list[slice]:
    """Neighbours in sorted order that together, padded, have about `batch_tokens`.

    Few shapes: the CPU's kernels are prepared anew for each.
    """
    rows, first = [], 0
    while first < len(lengths):
        last = first
        for _ in range(2):  # The longest of the batch is its last, which depends on how many fit.
            longest = _padded(int(lengths[min(last, len(lengths) - 1)]), LENGTH_STEP)
            last = first + max(1, batch_tokens // longest) - 1
        last = min(last, len(lengths) - 1)
        rows.append(slice(first, last + 1))
        first = last + 1
    return rows


def _padded(size: int, step: int) -> int:
    return -(-size // step) * step


if __name__ == "__main__":
    main()
