"""GPT-J in plain PyTorch. Its parameters carry the names of transformers' GPTJForCausalLM."""

import dataclasses
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """How large the network is."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    rotary: int = 32
    """How many of a head's numbers are turned by position."""
    positions: int = 512


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.rotary = shape.rotary
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.out_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, sin: Tensor, cos: Tensor) -> Tensor:
        rows, length, width = x.shape
        fused = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))
        q, k, v = functional.linear(x, fused).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = self._turn(q, sin, cos), self._turn(k, sin, cos)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).reshape(rows, length, width)))

    def _turn(self, x: Tensor, sin: Tensor, cos: Tensor) -> Tensor:
        """Rotary positions on neighbouring pairs, as GPT-J has them."""
        turned, rest = x[..., : self.rotary], x[..., self.rotary :]
        even, odd = turned[..., ::2], turned[..., 1::2]
        pairs = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1)
        return torch.cat((pairs.flatten(-2), rest), dim=-1)


class MLP(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.fc_in = nn.Linear(shape.width, 4 * shape.width)
        self.fc_out = nn.Linear(4 * shape.width, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.fc_out(functional.gelu(self.fc_in(x), approximate="tanh")))


class Block(nn.Module):
    """Attention and MLP side by side on one normalised input."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.width)
        self.attn = Attention(shape)
        self.mlp = MLP(shape)

    def forward(self, x: Tensor, sin: Tensor, cos: Tensor) -> Tensor:
        normal = self.ln_1(x)
        return cast(Tensor, x + self.attn(normal, sin, cos) + self.mlp(normal))


class Transformer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.wte = nn.Embedding(shape.vocabulary, shape.width)
        self.h = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.ln_f = nn.LayerNorm(shape.width)

    def forward(self, ids: Tensor, sin: Tensor, cos: Tensor) -> Tensor:
        x = self.wte(ids)
        for block in self.h:
            x = block(x, sin, cos)
        return cast(Tensor, self.ln_f(x))


class GPTJ(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.transformer = Transformer(shape)
        self.lm_head = nn.Linear(shape.width, shape.vocabulary)
        frequencies = 1.0 / (10000 ** (torch.arange(0, shape.rotary, 2) / shape.rotary))
        angles = torch.outer(torch.arange(shape.positions), frequencies)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.apply(self._init)
        with torch.no_grad():
            for block in self.transformer.h:
                # What is added to the stream starts small: it adds up over the layers.
                for last in (block.attn.out_proj, block.mlp.fc_out):
                    last.weight.mul_((2 * shape.layers) ** -0.5)

    def forward(self, ids: Tensor, wanted: Tensor | None = None) -> Tensor:
        """Logits of every position, or only of those in `wanted` (indices into the flattened batch)."""
        length = ids.shape[1]
        sin, cos = cast(Tensor, self.sin)[:length], cast(Tensor, self.cos)[:length]
        x = self.transformer(ids, sin, cos)
        if wanted is not None:
            x = x.flatten(0, 1)[wanted]
        return cast(Tensor, self.lm_head(x))

    @staticmethod
    def _init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
