#!/usr/bin/python3
"""Writes tests/train/torch_values.h: what PyTorch makes of the same weights, gradients and data.
Needs python3-torch. Run from the root: tests/train/make_torch_values.py > tests/train/torch_values.h"""
import math

import torch

torch.set_default_dtype(torch.float64)


def wave(count, frequency, size):
    """The same formula stands in the tests."""
    return torch.tensor([size * math.sin(frequency * (i + 1)) for i in range(count)])


def emit(kind, name, values):
    dims = "".join(f"[{n}]" for n in torch.tensor(values).shape)
    flat = ", ".join(f"{v:.10g}" for v in torch.tensor(values).reshape(-1).tolist())
    print(f"static const {kind} {name}{dims} = {{{flat}}};")


def steps(make, clip=None):
    weights = wave(6, 1.7, 0.5).clone().requires_grad_()
    optimizer = make([weights])
    for step in range(4):
        optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)
        weights.grad = wave(6, 0.9 + step, 2.0 - 0.3 * step)
        if clip:
            torch.nn.utils.clip_grad_norm_([weights], clip)
        optimizer.step()
    return weights.detach().tolist()


def loss_curve():
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4, eps=1e-3, momentum=0.2),
        nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(6, 3))
    with torch.no_grad():  # Keras's layout is [h][w][in][out]
        net[0].weight.copy_(wave(72, 0.31, 0.4).reshape(3, 3, 2, 4).permute(3, 2, 0, 1))
        net[4].weight.copy_(wave(216, 0.47, 0.3).reshape(3, 3, 4, 6).permute(3, 2, 0, 1))
        net[4].bias.zero_()
        net[7].weight.copy_(wave(18, 0.71, 0.5).reshape(6, 3).t())
        net[7].bias.zero_()
    x = wave(8 * 8 * 8 * 2, 0.113, 1.0).reshape(8, 8, 8, 2).permute(0, 3, 1, 2)
    y = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    return losses + [nn.functional.cross_entropy(net(x), y).item()]


print("/* Written by tests/train/make_torch_values.py with PyTorch %s. */" % torch.__version__)
print("#ifndef PAWCAM_TESTS_TRAIN_TORCH_VALUES_H\n#define PAWCAM_TESTS_TRAIN_TORCH_VALUES_H\n")
optim = torch.optim
emit("double", "torch_sgd", steps(lambda w: optim.SGD(w, 0.1)))
emit("double", "torch_momentum", steps(lambda w: optim.SGD(w, 0.1, momentum=0.9)))
emit("double", "torch_nesterov", steps(lambda w: optim.SGD(w, 0.1, momentum=0.9, nesterov=True)))
emit("double", "torch_decay", steps(lambda w: optim.SGD(w, 0.1, momentum=0.9, weight_decay=0.05)))
emit("double", "torch_rmsprop", steps(lambda w: optim.RMSprop(w, 0.1, alpha=0.9, eps=1e-7)))
emit("double", "torch_adam", steps(lambda w: optim.Adam(w, 0.1, eps=1e-7)))
emit("double", "torch_adamw", steps(lambda w: optim.AdamW(w, 0.1, eps=1e-7, weight_decay=0.05)))
emit("double", "torch_clipped", steps(lambda w: optim.SGD(w, 0.1), clip=1.5))
print("\n/* Mean losses of 12 training steps, then of an evaluation. */")
emit("double", "torch_losses", loss_curve())
print("\n#endif")
