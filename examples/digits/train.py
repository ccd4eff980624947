#!/usr/bin/env python3
"""Trains the example network and writes what the example needs.

Optional: the results are kept beside this file. Needs Debian's python3-torch
and python3-sklearn. Run it as

    python3 examples/digits/train.py

It writes digits.onnx (as torch exports it), calib_x.npy (100 training
pictures), test_x.npy and test_y.npy (500 pictures that were not trained on).
The pictures are the 8x8 handwritten digits that come with scikit-learn.
"""
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
N_TEST = 500
N_CALIB = 100
EPOCHS = 120


def conv_bn(c_in, c_out, kernel, stride=1, groups=1):
    return [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups,
                      bias=False),
            nn.BatchNorm2d(c_out)]


class Bottleneck(nn.Module):
    """Inverted residual block: expand, depth-wise, project."""

    def __init__(self, c_in, c_out, stride, factor):
        super().__init__()
        c_mid = c_in * factor
        self.residual = stride == 1 and c_in == c_out
        self.layers = nn.Sequential(
            *conv_bn(c_in, c_mid, 1), nn.ReLU6(),
            *conv_bn(c_mid, c_mid, 3, stride, c_mid), nn.ReLU6(),
            *conv_bn(c_mid, c_out, 1))

    def forward(self, x):
        y = self.layers(x)
        return x + y if self.residual else y


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            *conv_bn(1, 16, 3), nn.ReLU6(),
            Bottleneck(16, 16, 1, 4),
            Bottleneck(16, 24, 2, 4),
            Bottleneck(24, 24, 1, 4),
            Bottleneck(24, 40, 2, 4),
            *conv_bn(40, 128, 1), nn.ReLU6())
        self.classifier = nn.Linear(128, 10)

    def forward(self, x):
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, 1)
        return self.classifier(torch.flatten(x, 1))


def shifted(x):
    """The pictures, each moved by up to one pixel."""
    padded = nn.functional.pad(x, (1, 1, 1, 1))
    dy, dx = torch.randint(0, 3, (2, len(x)))
    return torch.stack([p[:, j:j + 8, i:i + 8]
                        for p, j, i in zip(padded, dy, dx)])


def train(x, y):
    net = Digits()
    optimiser = torch.optim.Adam(net.parameters(), 2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        net.train()
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net(shifted(x[batch])),
                                               y[batch], label_smoothing=0.05)
            loss.backward()
            optimiser.step()
        schedule.step()
    return net.eval()


def main():
    torch.manual_seed(7)
    order = np.random.RandomState(7).permutation(1797)
    digits = load_digits()
    pixels = digits.images.astype(np.uint8)[order][:, None]
    labels = digits.target.astype(np.int32)[order]
    test, rest = slice(0, N_TEST), slice(N_TEST, None)
    x = torch.from_numpy(pixels.astype(np.float32) / 16)
    y = torch.from_numpy(labels.astype(np.int64))

    net = train(x[rest], y[rest])
    right = (net(x[test]).argmax(1) == y[test]).sum().item()
    print(f"float accuracy on {N_TEST} pictures: {right / N_TEST:.3f}")

    torch.onnx.export(net, x[:1], os.path.join(HERE, "digits.onnx"),
                      opset_version=13, input_names=["image"],
                      output_names=["logits"])
    np.save(os.path.join(HERE, "test_x.npy"), pixels[test])
    np.save(os.path.join(HERE, "test_y.npy"), labels[test])
    np.save(os.path.join(HERE, "calib_x.npy"), pixels[rest][:N_CALIB])


if __name__ == "__main__":
    main()
