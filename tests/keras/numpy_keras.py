#!/usr/bin/python3
"""Runs a Keras 2 model in NumPy, written from Keras's documentation and apart from the C code.

numpy_keras.py MODEL.h5 FACTOR SCALE OFFSET   prints the outputs for the input
x[i] = ((i * FACTOR) mod 256) * SCALE + OFFSET, row by row, channel last.
"""
import json
import sys

import h5py
import numpy as np


def drawn_input(shape, factor=7919, scale=1 / 255, offset=0.0):
    count = int(np.prod(shape))
    return ((np.arange(count) * factor % 256) * scale + offset).reshape(shape)


def pad_same(x, size, stride, value):
    pads = []
    for axis in range(2):
        out = -(-x.shape[axis] // stride[axis])
        total = max((out - 1) * stride[axis] + size[axis] - x.shape[axis], 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, pads + [(0, 0)], constant_values=value)


def windows(x, size, stride):
    """[out_h][out_w][channels][kernel_h][kernel_w]"""
    views = np.lib.stride_tricks.sliding_window_view(x, size, axis=(0, 1))
    return views[:: stride[0], :: stride[1]]


def activate(name, x):
    if name == "softmax":
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    return {
        "linear": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "tanh": lambda: np.tanh(x),
    }[name]()


def convolve(c, x, w, depthwise):
    kernel = w["depthwise_kernel" if depthwise else "kernel"].astype(np.float64)
    if c["padding"] == "same":
        x = pad_same(x, c["kernel_size"], c["strides"], 0)
    views = windows(x, c["kernel_size"], c["strides"])
    if depthwise:
        y = np.einsum("hwcij,ijcm->hwcm", views, kernel).reshape(views.shape[:2] + (-1,))
    else:
        y = np.tensordot(views, kernel, ([2, 3, 4], [2, 0, 1]))
    return activate(c.get("activation", "linear"), y + (w["bias"] if c["use_bias"] else 0))


def pool(c, x, reduce):
    stride = c["strides"] or c["pool_size"]
    if c["padding"] == "same":
        x = pad_same(x, c["pool_size"], stride, np.nan)
    return reduce(windows(x, c["pool_size"], stride), axis=(3, 4))


def run_layer(kind, c, w, inputs):
    x = inputs[0]
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return convolve(c, x, w, kind == "DepthwiseConv2D")
    if kind == "SeparableConv2D":
        y = convolve(dict(c, use_bias=False, activation="linear"), x, w, True)
        return activate(c["activation"], y @ w["pointwise_kernel"][0, 0] + w["bias"])
    if kind == "Dense":
        return activate(c["activation"], x @ w["kernel"].astype(np.float64) +
                        (w["bias"] if c["use_bias"] else 0))
    if kind == "BatchNormalization":
        return (x - w["moving_mean"]) / np.sqrt(w["moving_variance"] + c["epsilon"]) * \
            w.get("gamma", 1) + w.get("beta", 0)
    if kind == "ZeroPadding2D":
        return np.pad(x, c["padding"] + [[0, 0]])
    if kind == "ReLU":
        return np.clip(x, 0, c["max_value"])
    return {
        "InputLayer": lambda: x,
        "Dropout": lambda: x,
        "Activation": lambda: activate(c["activation"], x),
        "Add": lambda: sum(inputs),
        "Concatenate": lambda: np.concatenate(inputs, -1),
        "MaxPooling2D": lambda: pool(c, x, np.nanmax),
        "AveragePooling2D": lambda: pool(c, x, np.nanmean),
        "GlobalAveragePooling2D": lambda: x.mean((0, 1), keepdims=c.get("keepdims", False)),
        "Flatten": lambda: x.reshape(-1),
        "Rescaling": lambda: x * c["scale"] + c["offset"],
    }[kind]()


def run(layer, weights, inputs):
    """weights: layer name -> {"kernel": array, ...}"""
    kind, config = layer["class_name"], layer["config"]
    if kind == "Sequential":
        x = inputs[0]
        for inner in config if isinstance(config, list) else config["layers"]:
            x = run(inner, weights, [x])
        return x
    if kind not in ("Functional", "Model"):
        return run_layer(kind, config, weights.get(config["name"], {}), inputs)
    values = {}
    for inner in config["layers"]:  # Keras writes them in an order that works
        sources = [values[t[0]] for node in inner["inbound_nodes"] for t in node] or inputs
        values[inner["name"]] = run(inner, weights, sources)
    return values[config["output_layers"][0][0]]


def read(path):
    """The configuration and the weights by layer and name."""
    weights = {}
    with h5py.File(path) as file:
        config = json.loads(file.attrs["model_config"])

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                *_, layer, weight = name.split("/")
                weights.setdefault(layer, {})[weight.split(":")[0]] = np.array(item)

        file["model_weights"].visititems(visit)
    return config, weights


def input_shape(layer):
    config = layer["config"]
    while "batch_input_shape" not in config:
        config = (config if isinstance(config, list) else config["layers"])[0]["config"]
    return config["batch_input_shape"][1:]


if __name__ == "__main__":
    model, arrays = read(sys.argv[1])
    factor, scale, offset = int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    x = drawn_input(input_shape(model), factor, scale, offset)
    print(*("%.9g" % value for value in run(model, arrays, [x])))
