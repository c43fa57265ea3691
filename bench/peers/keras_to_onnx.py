#!/usr/bin/python3
"""keras_to_onnx.py MODEL.h5 MODEL.onnx - writes the benchmark networks for the peers that read ONNX.

Knows the layers that bench/*.recipe use. The file is protobuf, written field by field; the numbers
of the fields are those of onnx.proto. Pictures are 1 x channels x height x width there.
"""
import json
import sys

import h5py
import numpy as np


# --- protobuf ----------------------------------------------------------------------------------

def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """A field of a message: an int as varint, anything else as bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7)


def node(op, inputs, output, **attributes):
    return (b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, output) + field(4, op)
            + b"".join(field(5, attribute(k, v)) for k, v in attributes.items()))


def tensor(name, values):
    return (b"".join(field(1, d) for d in values.shape) + field(2, 1) + field(8, name)
            + field(9, values.astype("<f4").tobytes()))


def value_info(name, shape):
    dims = b"".join(field(1, field(1, d)) for d in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


# --- layers ------------------------------------------------------------------------------------

class Writer:
    def __init__(self, weights):
        self.weights, self.nodes, self.tensors, self.shapes = weights, [], [], {}

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(node(op, inputs, output, **attributes))

    def constant(self, name, values):
        self.tensors.append(tensor(name, values))
        return name

    def activate(self, name, kind):
        ops = {"relu": "Relu", "softmax": "Softmax"}
        if kind == "linear":
            return name
        self.add(ops[kind], [name], name + "_" + kind)
        return name + "_" + kind

    def window(self, config, key, shape):
        """Attributes and output size; `same` pads like TensorFlow, the odd pixel below and right."""
        kernel, stride = config[key], config["strides"]
        size, before, after = [], [], []
        for length, k, s in zip(shape[1:], kernel, stride):
            out = -(-length // s) if config["padding"] == "same" else (length - k) // s + 1
            missing = max(0, (out - 1) * s + k - length)
            size.append(out)
            before.append(missing // 2)
            after.append(missing - missing // 2)
        return dict(kernel_shape=kernel, strides=stride, pads=before + after), size

    def conv(self, name, config, inputs, shape, depthwise):
        weights = [np.array(w) for w in self.weights(name)]
        kernel = weights[0].transpose(2, 3, 0, 1) if depthwise else weights[0].transpose(3, 2, 0, 1)
        attributes, size = self.window(config, "kernel_size", shape)
        operands = [inputs[0], self.constant(name + "_w", kernel)]
        if config["use_bias"]:
            operands.append(self.constant(name + "_b", weights[1]))
        self.add("Conv", operands, name, group=shape[0] if depthwise else 1, **attributes)
        return [kernel.shape[0]] + size

    def dense(self, name, inputs, shape):
        kernel, bias = [np.array(w) for w in self.weights(name)]
        if len(shape) == 3:  # behind a Flatten: rows from height, width, channels to channels first
            channels, height, width = shape
            kernel = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
            kernel = kernel.reshape(channels * height * width, -1)
        self.add("Gemm", [inputs[0], self.constant(name + "_w", kernel.T), self.constant(name + "_b", bias)],
                 name, transB=1)
        return [kernel.shape[1]]

    def layer(self, kind, name, config, inputs, shape):
        """Adds a layer's nodes; returns the shape of its output, without the batch."""
        if kind in ("Conv2D", "DepthwiseConv2D"):
            return self.conv(name, config, inputs, shape, kind != "Conv2D")
        if kind == "Dense":
            return self.dense(name, inputs, shape)
        if kind == "MaxPooling2D":
            attributes, size = self.window(config, "pool_size", shape)
            self.add("MaxPool", inputs, name, **attributes)
            return shape[:1] + size
        if kind == "GlobalAveragePooling2D":
            self.add("GlobalAveragePool", inputs, name + "_map")
            self.add("Flatten", [name + "_map"], name)
            return shape[:1]
        if kind == "Add":
            self.add("Add", inputs, name)
        elif kind == "Flatten":
            self.add("Flatten", inputs, name)
        elif kind == "ReLU":
            self.add("Relu", inputs, name)
        elif kind == "Activation":
            self.add("Identity", inputs, name)
        else:
            sys.exit(f"{sys.argv[1]}: layer {name} is a {kind}, which this converter does not know")
        return shape


def convert(path):
    with h5py.File(path, "r") as file:
        config = json.loads(file.attrs["model_config"])
        group = file["model_weights"]
        writer = Writer(lambda name: [group[name][w.decode() if isinstance(w, bytes) else w][()]
                                      for w in group[name].attrs["weight_names"]])
        outputs, previous = {}, None
        for layer in config["config"]["layers"]:
            kind, c = layer["class_name"], layer["config"]
            name = c["name"]
            size = c.get("batch_input_shape", c.get("batch_shape"))
            if size:
                previous = "input"
                outputs["input"] = "input", [size[3], size[1], size[2]]
                if kind == "InputLayer":
                    outputs[name] = outputs["input"]
                    continue
            nodes = layer.get("inbound_nodes")
            names = [edge[0] for edge in nodes[0]] if nodes else [previous]
            shape = writer.layer(kind, name, c, [outputs[n][0] for n in names], outputs[names[0]][1])
            outputs[name] = writer.activate(name, c.get("activation", "linear")), shape
            previous = name
    result, shape = outputs[previous]
    graph = (b"".join(field(1, n) for n in writer.nodes) + field(2, "net")
             + b"".join(field(5, t) for t in writer.tensors)
             + field(11, value_info("input", [1] + outputs["input"][1]))
             + field(12, value_info(result, [1] + shape)))
    return field(1, 6) + field(7, graph) + field(8, field(1, "") + field(2, 11))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    with open(sys.argv[2], "wb") as out:
        out.write(convert(sys.argv[1]))
