"""Small classifiers of the families that boards run, in PyTorch: built here, trained by `train.py`."""

from __future__ import annotations

import torch
from torch import nn


def conv(before: int, after: int, size: int = 3, stride: int = 1, groups: int = 1, act: type[nn.Module] | None = None):
    """Convolution, batch norm and an activation (none: linear)."""
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
    ]
    return nn.Sequential(*layers, *([act()] if act else []))


def head(width: int, classes: int) -> nn.Sequential:
    """Global average, then one linear layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


class SqueezeExcite(nn.Module):
    """Channel attention with hard sigmoid (Howard et al. 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = max(8, width // 4)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, inner, 1), nn.ReLU(), nn.Conv2d(inner, width, 1), nn.Hardsigmoid()
        )

    def forward(self, x):
        return x * self.gate(x)


class InvertedResidual(nn.Module):
    """Expand, depthwise, project (Sandler et al. 2018); `excite` adds channel attention."""

    def __init__(self, before, after, expand, stride, act, size=3, *, excite=False) -> None:
        super().__init__()
        inner = before * expand
        self.body = nn.Sequential(
            *([conv(before, inner, 1, act=act)] if expand > 1 else []),
            conv(inner, inner, size, stride, inner, act),
            *([SqueezeExcite(inner)] if excite else []),
            conv(inner, after, 1),
        )
        self.residual = stride == 1 and before == after

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilenet_v2(classes: int) -> nn.Module:
    """MobileNetV2, width 0.5, for 96 px."""
    rows = [(1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1)]
    layers, width = [conv(3, 16, stride=2, act=nn.ReLU6)], 16
    for expand, after, repeats, stride in rows:
        for place in range(repeats):
            layers.append(InvertedResidual(width, after, expand, stride if place == 0 else 1, nn.ReLU6))
            width = after
    return nn.Sequential(*layers, conv(width, 640, 1, act=nn.ReLU6), head(640, classes))


def mobilenet_v3(classes: int) -> nn.Module:
    """After MobileNetV3-small: hard-swish, channel attention, 5×5 depthwise."""
    rows = [
        (16, 1, 2, nn.ReLU, 3, True),
        (24, 4, 2, nn.ReLU, 3, False),
        (24, 4, 1, nn.ReLU, 3, False),
        (40, 4, 2, nn.Hardswish, 5, True),
        (40, 6, 1, nn.Hardswish, 5, True),
        (48, 3, 1, nn.Hardswish, 5, True),
        (96, 6, 2, nn.Hardswish, 5, True),
    ]
    layers, width = [conv(3, 16, stride=2, act=nn.Hardswish)], 16
    for after, expand, stride, act, size, excite in rows:
        layers.append(InvertedResidual(width, after, expand, stride, act, size, excite=excite))
        width = after
    last = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(288, 256), nn.Hardswish(), nn.Linear(256, classes)
    )
    return nn.Sequential(*layers, conv(width, 288, 1, act=nn.Hardswish), last)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(before, after, stride=stride, act=nn.ReLU), conv(after, after))
        self.shortcut = conv(before, after, 1, stride) if stride > 1 or before != after else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet_18(classes: int) -> nn.Module:
    """ResNet-18's blocks at a quarter of its width."""
    layers: list[nn.Module] = [conv(3, 16, 7, 2, act=nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    width = 16
    for after, stride in ((16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        layers.append(BasicBlock(width, after, stride))
        width = after
    return nn.Sequential(*layers, head(width, classes))


class ShuffleUnit(nn.Module):
    """Split, convolve one half, concatenate, shuffle (Ma et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.body = nn.Sequential(
            conv(half, half, 1, act=nn.ReLU), conv(half, half, 3, groups=half), conv(half, half, 1, act=nn.ReLU)
        )

    def forward(self, x):
        kept, used = x.chunk(2, dim=1)
        return shuffled(torch.cat((kept, self.body(used)), dim=1))


class ShuffleDown(nn.Module):
    """The unit that halves the picture: both branches convolve."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        half = after // 2
        self.left = nn.Sequential(conv(before, before, 3, 2, before), conv(before, half, 1, act=nn.ReLU))
        self.right = nn.Sequential(
            conv(before, half, 1, act=nn.ReLU), conv(half, half, 3, 2, half), conv(half, half, 1, act=nn.ReLU)
        )

    def forward(self, x):
        return shuffled(torch.cat((self.left(x), self.right(x)), dim=1))


def shuffled(x):
    """Channels of two groups, interleaved."""
    batch, channels, height, width = x.shape
    return x.reshape(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)


def shufflenet_v2(classes: int) -> nn.Module:
    """ShuffleNetV2, about half width, for 64 px."""
    layers: list[nn.Module] = [conv(3, 24, stride=2, act=nn.ReLU)]
    width = 24
    for after, repeats in ((48, 3), (96, 5), (192, 3)):
        layers += [ShuffleDown(width, after), *(ShuffleUnit(after) for _ in range(repeats))]
        width = after
    return nn.Sequential(*layers, conv(width, 384, 1, act=nn.ReLU), head(384, classes))


def efficientnet_lite(classes: int) -> nn.Module:
    """EfficientNet-Lite0's blocks at half width: ReLU6, no attention, 5×5 depthwise."""
    rows = [(1, 8, 1, 1, 3), (6, 16, 2, 2, 3), (6, 24, 2, 2, 5), (6, 40, 3, 2, 3), (6, 56, 2, 1, 5), (6, 96, 2, 2, 5)]
    layers, width = [conv(3, 16, stride=2, act=nn.ReLU6)], 16
    for expand, after, repeats, stride, size in rows:
        for place in range(repeats):
            layers.append(InvertedResidual(width, after, expand, stride if place == 0 else 1, nn.ReLU6, size))
            width = after
    return nn.Sequential(*layers, conv(width, 320, 1, act=nn.ReLU6), head(320, classes))


def ds_cnn(classes: int) -> nn.Module:
    """Depthwise-separable CNN for sounds (Zhang et al. 2017), 64 channels."""
    layers = [conv(1, 64, 5, 2, act=nn.ReLU)]
    for _ in range(4):
        layers += [conv(64, 64, 3, groups=64, act=nn.ReLU), conv(64, 64, 1, act=nn.ReLU)]
    return nn.Sequential(*layers, head(64, classes))
