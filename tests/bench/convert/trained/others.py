"""A segmenter, an autoencoder, a detector and a transformer, in PyTorch: built here, trained by `train.py`."""

from __future__ import annotations

import torch
from classifiers import conv
from torch import nn

CELLS = (12, 6)
"""Cells per side of the detector's two grids, at 96 px."""


class UNet(nn.Module):
    """U-Net for 96 px: three levels, upsampled by doubling and joined; one logit per pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = two(3, 16), two(16, 32), two(32, 64), two(64, 96)
        self.e, self.f, self.g = two(96 + 64, 64), two(64 + 32, 32), two(32 + 16, 16)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(self.pool(a))
        c = self.c(self.pool(b))
        d = self.d(self.pool(c))
        e = self.e(torch.cat((self.up(d), c), dim=1))
        f = self.f(torch.cat((self.up(e), b), dim=1))
        return self.last(self.g(torch.cat((self.up(f), a), dim=1)))


def two(before: int, after: int) -> nn.Sequential:
    """Two 3×3 convolutions."""
    return nn.Sequential(conv(before, after, act=nn.ReLU), conv(after, after, act=nn.ReLU))


def autoencoder() -> nn.Module:
    """Convolutional autoencoder for 64 px: down by strides, up by transposed convolutions."""
    down = [
        conv(3, 16, stride=2, act=nn.ReLU),
        conv(16, 32, stride=2, act=nn.ReLU),
        conv(32, 48, stride=2, act=nn.ReLU),
    ]
    up = []
    for before, after in ((48, 32), (32, 16)):
        up += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*down, *up, nn.ConvTranspose2d(16, 3, 4, 2, 1))


class CrossStage(nn.Module):
    """After YOLO's cross-stage block: half of the channels pass by a residual pair, SiLU throughout."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.left, self.right = conv(width, half, 1, act=nn.SiLU), conv(width, half, 1, act=nn.SiLU)
        self.inner = nn.Sequential(conv(half, half, act=nn.SiLU), conv(half, half, act=nn.SiLU))
        self.join = conv(width, width, 1, act=nn.SiLU)

    def forward(self, x):
        left = self.left(x)
        return self.join(torch.cat((left + self.inner(left), self.right(x)), dim=1))


class Detector(nn.Module):
    """YOLO-style: two grids, an objectness and a kind's logits per cell, sigmoid at the end: N×180×8."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 16, stride=2, act=nn.SiLU), conv(16, 32, stride=2, act=nn.SiLU))
        self.fine = nn.Sequential(CrossStage(32), conv(32, 64, stride=2, act=nn.SiLU), CrossStage(64))
        self.coarse = nn.Sequential(conv(64, 96, stride=2, act=nn.SiLU), CrossStage(96))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.mix = conv(64 + 96, 64, 1, act=nn.SiLU)
        self.heads = nn.ModuleList(
            nn.Sequential(conv(width, width, act=nn.SiLU), nn.Conv2d(width, 1 + kinds, 1)) for width in (64, 96)
        )

    def forward(self, x):
        fine = self.fine(self.stem(x))
        coarse = self.coarse(fine)
        fine = self.mix(torch.cat((fine, self.up(coarse)), dim=1))
        found = [head(level).flatten(2) for head, level in zip(self.heads, (fine, coarse), strict=True)]
        return torch.sigmoid(torch.cat(found, dim=2).transpose(1, 2))


class Block(nn.Module):
    """Pre-norm attention and multilayer perceptron with GELU, written out so that it exports as plain operators."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        batch, tokens, width = x.shape
        mixed = self.mix(self.before(x)).reshape(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        attention = torch.softmax(query @ key.transpose(-2, -1) * self.scale, dim=-1)
        x = x + self.out((attention @ value).transpose(1, 2).reshape(batch, tokens, width))
        return x + self.perceptron(self.after(x))


class VisionTransformer(nn.Module):
    """64 px in patches of 8: 64 tokens of 64, three blocks, mean over tokens."""

    def __init__(self, classes: int, width: int = 64, patch: int = 8) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.place = nn.Parameter(0.02 * torch.randn(1, 64, width))
        self.blocks = nn.Sequential(*(Block(width, 4) for _ in range(3)))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.place
        return self.last(self.norm(self.blocks(x)).mean(dim=1))
