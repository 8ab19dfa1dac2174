"""Small networks of the families that people bring from PyTorch; each factory gives the module and a typical input."""

import torch
from torch import nn


def conv(ins, outs, stride=1, groups=1, kernel=3):
    layers = [nn.Conv2d(ins, outs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outs)]
    return nn.Sequential(*layers, nn.ReLU6())


def seeded(build, *shape):
    """The same weights each time, and batch statistics that are no defaults, so that nothing folds away."""
    torch.manual_seed(0)
    module = build()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
    return module.eval(), torch.rand(1, *shape)


class Inverted(nn.Module):
    def __init__(self, ins, outs, stride):
        super().__init__()
        wide = 4 * ins
        self.body = nn.Sequential(
            conv(ins, wide, kernel=1),
            conv(wide, wide, stride, groups=wide),
            nn.Conv2d(wide, outs, 1),
            nn.BatchNorm2d(outs),
        )
        self.adds = stride == 1 and ins == outs

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobile_net():
    return seeded(_mobile_net, 3, 64, 64)


def _mobile_net():
    blocks = [Inverted(8, 12, 2), Inverted(12, 12, 1), Inverted(12, 16, 2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)]
    return nn.Sequential(conv(3, 8, 2), *blocks, *head)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.deep = conv(3, 8), nn.Sequential(nn.MaxPool2d(2), conv(8, 16))
        self.up, self.resize = nn.ConvTranspose2d(16, 8, 2, 2), nn.Upsample(scale_factor=2, mode="bilinear")
        self.end = nn.Conv2d(8 + 8 + 16, 1, 1)

    def forward(self, x):
        fine = self.down(x)
        deep = self.deep(fine)
        return torch.sigmoid(self.end(torch.cat([fine, self.up(deep), self.resize(deep)], 1)))


def u_net():
    return seeded(UNet, 3, 32, 32)


def ds_cnn():
    return seeded(_ds_cnn, 1, 49, 10)


def _ds_cnn():
    body = [nn.Conv2d(1, 16, (10, 4), 2, (5, 1)), nn.ReLU(), conv(16, 16, groups=16), conv(16, 24, kernel=1)]
    return nn.Sequential(*body, nn.AvgPool2d((4, 5)), nn.Flatten(), nn.Linear(24 * 6, 12))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(16, 32)
        self.place = nn.Parameter(torch.randn(1, 20, 32))
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True, norm_first=True)
        self.head = nn.Linear(32, 6)

    def forward(self, x):
        return self.head(self.layer(self.embed(x) + self.place).mean(1))


def transformer():
    return seeded(Transformer, 20, 16)


def bare():
    """A module alone: the input's size comes from the user."""
    return seeded(lambda: conv(3, 4, 2))[0]


def number():
    return 42
