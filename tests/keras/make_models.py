#!/usr/bin/python3
"""make_models.py DIR: writes small Keras files, good and bad, as the versions of Keras write them.

DIR/good.json lists the good ones with the outputs that NumPy computes for them (input: drawn_input of
numpy_keras.py), DIR/bad.json the bad ones with what the error must say.
"""
import copy
import json
import os
import sys

import h5py
import numpy as np

import numpy_keras

folder = sys.argv[1]
random = np.random.default_rng(7)
good, bad = [], []


# --- writing files --------------------------------------------------------------------------------

def arrays(**shapes):
    return {name: random.normal(0, 0.4, shape).astype("f4") for name, shape in shapes.items()}


def norm(channels):
    w = arrays(gamma=channels, beta=channels, moving_mean=channels, moving_variance=channels)
    w["moving_variance"] = 0.5 + w["moving_variance"] ** 2
    return w


def write_names(group, name, texts, style):
    if style == "chunked" and texts:
        for i, text in enumerate(texts):
            group.attrs[f"{name}{i}"] = np.array([text], "S")
    elif style == "variable":
        group.attrs.create(name, texts, dtype=h5py.string_dtype("utf-8"))
    else:
        group.attrs[name] = np.array(texts, "S") if texts else np.zeros(0)


def write_group(root, layer_name, members, style="fixed", dtype="f4", ending=":0"):
    """members: [(layer, weight, array)]"""
    group = root.create_group(layer_name)
    names = [f"{layer}/{weight}{ending}" for layer, weight, _ in members]
    write_names(group, "weight_names", names, style)
    for name, (_, _, array) in zip(names, members):
        group.create_dataset(name, data=np.asarray(array).astype(dtype))


def write_weights(root, groups, **style):
    write_names(root, "layer_names", list(groups), style.get("style", "fixed"))
    for name, members in groups.items():
        write_group(root, name, members, **style)


def own_groups(layers, weights):
    return {l["config"]["name"]: [(l["config"]["name"], n, a)
                                  for n, a in weights.get(l["config"]["name"], {}).items()]
            for l in layers if l["class_name"] != "InputLayer"}


def save(name, config, groups, version="2.11.0", attributes=(), text=str, **style):
    note = np.bytes_ if text is np.bytes_ else str
    with h5py.File(os.path.join(folder, name), "w") as file:
        file.attrs["model_config"] = text(json.dumps(config))
        file.attrs["keras_version"] = note(version)
        file.attrs["backend"] = note("tensorflow")
        for key, value in attributes:
            file.attrs[key] = value
        write_weights(file.create_group("model_weights"), groups, **style)


def expect(name, output):
    good.append({"file": name, "output": [float(v) for v in output]})


def refuse(name, *says):
    bad.append({"file": name, "says": says})


# --- one Sequential network -----------------------------------------------------------------------

def layer(kind, name, **config):
    return {"class_name": kind, "config": dict(name=name, trainable=True, dtype="float32", **config)}


CONV = dict(strides=[1, 1], padding="same", data_format="channels_last", dilation_rate=[1, 1],
            use_bias=True, kernel_size=[3, 3])
POOL = dict(pool_size=[2, 2], padding="valid", data_format="channels_last")
SHAPE = [None, 6, 8, 3]

body = [
    layer("Conv2D", "conv", filters=4, groups=1, activation="relu", batch_input_shape=SHAPE, **CONV),
    layer("BatchNormalization", "norm", axis=[3], momentum=0.9, epsilon=0.01, center=True, scale=True),
    layer("MaxPooling2D", "pool", strides=[2, 2], **POOL),
    layer("DepthwiseConv2D", "deep", depth_multiplier=2, activation="linear",
          **dict(CONV, use_bias=False)),
    layer("ReLU", "relu6", max_value=6.0, negative_slope=0.0, threshold=0.0),
    layer("SeparableConv2D", "separable", filters=5, depth_multiplier=1, activation="relu",
          **dict(CONV, padding="valid")),
    layer("AveragePooling2D", "average", strides=None, **dict(POOL, padding="same")),
]
head = [
    layer("Flatten", "flat", data_format="channels_last"),
    layer("Dense", "dense", units=6, activation="tanh", use_bias=True),
    layer("Dropout", "drop", rate=0.5, noise_shape=None, seed=None),
    layer("Dense", "answer", units=3, activation="softmax", use_bias=False),
]
weights = {
    "conv": arrays(kernel=(3, 3, 3, 4), bias=4),
    "norm": norm(4),
    "deep": arrays(depthwise_kernel=(3, 3, 4, 2)),
    "separable": arrays(depthwise_kernel=(3, 3, 8, 1), pointwise_kernel=(1, 1, 8, 5), bias=5),
    "dense": arrays(kernel=(5, 6), bias=6),
    "answer": arrays(kernel=(6, 3)),
}
layers = body + head
groups = own_groups(layers, weights)
picture = numpy_keras.drawn_input(SHAPE[1:])
sequential = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
answer = numpy_keras.run(sequential, weights, [picture])
as_list = {"class_name": "Sequential", "config": layers}  # until Keras 2.2.2

for name, config, style in [
        ("list.h5", as_list, dict(version="2.2.0", text=np.bytes_)),
        ("dictionary.h5", sequential, dict(style="variable")),
        ("chunked.h5", sequential, dict(style="chunked")),
        ("float64.h5", sequential, dict(dtype="f8"))]:
    save(name, config, groups, **style)
    expect(name, answer)

half = {l: {n: a.astype("f2").astype("f4") for n, a in w.items()} for l, w in weights.items()}
save("float16.h5", sequential, groups, dtype="f2")
expect("float16.h5", numpy_keras.run(sequential, half, [picture]))

# model.json with save_weights, then the weights of a run that named its layers otherwise
for name, prefix in [("apart", ""), ("renamed", "other_")]:
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(dict(sequential, keras_version="2.11.0", backend="tensorflow"), file)
    with h5py.File(os.path.join(folder, name + "_weights.h5"), "w") as file:
        write_weights(file, {prefix + l: [(prefix + a, b, c) for a, b, c in m]
                             for l, m in groups.items()})
    expect(name + ".json", answer)

# Theano's backend of Keras 2 convolves: its kernels are turned
turned = {l: [(a, n, v[::-1, ::-1] if v.ndim == 4 else v) for a, n, v in m]
          for l, m in groups.items()}
symmetric = copy.deepcopy(sequential)  # Theano pads even windows otherwise; this one needs none
symmetric["config"]["layers"][6]["config"].update(pool_size=[1, 2], padding="valid")
save("theano.h5", symmetric, turned, attributes=[("backend", "theano")])
expect("theano.h5", answer)

# what pawcam adds
save("attributes.h5", sequential, groups, attributes=[
    ("pawcam_scale", np.float32([0.5, 0.25, 2])), ("pawcam_offset", -1.0),
    ("pawcam_channels", "bgr"), ("pawcam_threshold", 0.75),
    ("pawcam_classes", ["Katze", "Hünd", "neither"])])
expect("attributes.h5", answer)

scaled = [layer("Rescaling", "scale", scale=1 / 255, offset=0.0, batch_input_shape=SHAPE)] + layers
rescaling = {"class_name": "Sequential", "config": {"name": "net", "layers": scaled}}
save("rescaling.h5", rescaling, groups)
expect("rescaling.h5", numpy_keras.run(rescaling, weights, [picture]))

# augmentation comes first, as in Keras's tutorials
scaled[0] = layer("Rescaling", "scale", scale=1 / 255, offset=0.0)
flips = [layer("RandomFlip", "flip", mode="horizontal", seed=None, batch_input_shape=SHAPE)]
augmenting = {"class_name": "Sequential", "config": {"name": "net", "layers": flips + scaled}}
save("augmenting.h5", augmenting, groups)
expect("augmenting.h5", numpy_keras.run(rescaling, weights, [picture]))

# pooling that leaves 1 x 1 x channels, as what follows needs it
kept = {"class_name": "Sequential", "config": {"name": "net", "layers": [
    body[0], layer("GlobalAveragePooling2D", "mean", data_format="channels_last", keepdims=True),
    body[1], layer("Flatten", "flat", data_format="channels_last")]}}
save("keepdims.h5", kept, own_groups(kept["config"]["layers"], weights))
expect("keepdims.h5", numpy_keras.run(kept, weights, [picture]))

# Sequential models do not name their input, and may have other layers of its usual name
named = copy.deepcopy(sequential)
for i, inner_name in ((0, "input"), (1, "input_1")):
    named["config"]["layers"][i]["config"]["name"] = inner_name
named_groups = dict(groups)
for old, new in (("conv", "input"), ("norm", "input_1")):
    named_groups[new] = [(new, n, a) for _, n, a in named_groups.pop(old)]
save("named_input.h5", named, named_groups)
expect("named_input.h5", answer)

# a kernel that lies in another file, at an address that means something else in this one
save("links.h5", sequential, groups)
with h5py.File(os.path.join(folder, "links.h5"), "a") as file, \
        h5py.File(os.path.join(folder, "elsewhere.h5"), "w") as other:
    kernel = file["model_weights/conv/conv"]["kernel:0"][...]
    del file["model_weights/conv/conv/kernel:0"]
    other["kernel"] = kernel
    file["model_weights/conv/conv/kernel:0"] = h5py.ExternalLink("elsewhere.h5", "kernel")
expect("links.h5", answer)


# --- nested and functional ------------------------------------------------------------------------

def node(*names):
    return [[[name, 0, 0, {}] for name in names]]


def functional(name, members, shape=SHAPE):
    """members: [(layer, input names)], the first an input, the last the output."""
    start = layer("InputLayer", name + "_in", batch_input_shape=shape, sparse=False)
    listed = [dict(start, name=name + "_in", inbound_nodes=[])]
    for inner, sources in members:
        listed.append(dict(inner, name=inner["config"]["name"], inbound_nodes=node(*sources)))
    return {"class_name": "Functional", "config": {
        "name": name, "layers": listed, "input_layers": [[name + "_in", 0, 0]],
        "output_layers": [[listed[-1]["name"], 0, 0]]}}


def chain(name, inner, shape=SHAPE):
    names = [name + "_in"] + [l["config"]["name"] for l in inner]
    return functional(name, [(l, [before]) for l, before in zip(inner, names)], shape)


def nested_group(inner):
    """Keras puts what is trained before what is not."""
    members = [m for l in inner for m in groups[l["config"]["name"]]]
    return [m for m in members if "moving" not in m[1]] + [m for m in members if "moving" in m[1]]


inner_head = {"class_name": "Sequential", "config": {"name": "head", "layers": [
    layer("InputLayer", "head_in", batch_input_shape=[None, None, None, 5])] + head}}
nested = {"class_name": "Sequential", "config": {"name": "outer", "layers": [
    {"class_name": "Sequential", "config": {"name": "wrap", "layers": [chain("body", body)]}},
    inner_head]}}
save("nested.h5", nested, {"wrap": nested_group(body), "head": nested_group(head)})
expect("nested.h5", answer)



# Names that hold a '/', as in the DenseNets of Keras 2, alone and nested. The rest of such a name
# may be another layer's; that one is frozen, so its weights come last.
def renamed(inner, name):
    weights[name] = weights[inner["config"]["name"]]
    inner = copy.deepcopy(inner)
    inner["config"]["name"] = name
    return inner


parts = [renamed(body[0], "conv1/conv"), renamed(body[1], "conv1/bn"), layer("Flatten", "conv1/flat"),
         layer("Dense", "answer", units=5, activation="relu", use_bias=True),
         layer("Dense", "conv1/answer", units=5, activation="linear", use_bias=True)]
part_weights = dict(weights, **{"answer": arrays(kernel=(192, 5), bias=5),
                                "conv1/answer": arrays(kernel=(5, 5), bias=5)})
part_groups = own_groups(parts, part_weights)
slashes = {"class_name": "Sequential", "config": {"name": "net", "layers": parts}}
slash_answer = numpy_keras.run(slashes, part_weights, [picture])
save("slashes.h5", slashes, part_groups)
expect("slashes.h5", slash_answer)
members = [m for l in parts for m in part_groups[l["config"]["name"]]]
frozen = [m for m in members if m[0] == "answer" or "moving" in m[1]]
save("nested_slashes.h5", {"class_name": "Sequential", "config": {"name": "outer", "layers": [
    chain("inner", parts)]}}, {"inner": [m for m in members if m not in frozen] + frozen})
expect("nested_slashes.h5", slash_answer)

graph = functional("net", [
    (body[0], ["net_in"]), (body[1], ["conv"]),
    (layer("Activation", "act", activation="sigmoid"), ["norm"]),
    (layer("Add", "sum"), ["conv", "act"]),
    (layer("ZeroPadding2D", "pad", padding=[[1, 0], [2, 1]], data_format="channels_last"), ["sum"]),
    (layer("ZeroPadding2D", "pad2", padding=[[1, 0], [2, 1]], data_format="channels_last"), ["net_in"]),
    (layer("Concatenate", "both", axis=-1), ["pad", "pad2"]),
    (layer("GlobalAveragePooling2D", "mean", data_format="channels_last"), ["both"]),
    (layer("Dense", "end", units=1, activation="sigmoid", use_bias=True), ["mean"])])
weights["end"] = arrays(kernel=(7, 1), bias=1)
graph_groups = own_groups(graph["config"]["layers"], weights)
graph_answer = numpy_keras.run(graph, weights, [picture])
save("functional.h5", graph, graph_groups, text=np.bytes_)
expect("functional.h5", graph_answer)
shuffled = copy.deepcopy(graph)
shuffled["config"]["layers"].reverse()  # an order that needs more than one pass
save("shuffled.h5", shuffled, graph_groups)
expect("shuffled.h5", graph_answer)

# Transfer learning: Keras counts the calls of a nested model from 1, also where it is the output
transfer = functional("net", [(chain("body", body), ["net_in"]), (inner_head, ["body"]),
                              (layer("Activation", "same", activation="linear"), ["head"])])
transfer["config"]["layers"][2]["inbound_nodes"] = [[["body", 1, 0, {}]]]
transfer["config"]["layers"][3]["inbound_nodes"] = [[["head", 1, 0, {}]]]
transfer_groups = {"body": nested_group(body), "head": nested_group(head)}
save("transfer.h5", transfer, transfer_groups)
expect("transfer.h5", answer)
nested_name = copy.deepcopy(transfer)  # inside, a layer may be called as the outer model's input
flat = nested_name["config"]["layers"][2]["config"]["layers"][1]
assert flat["class_name"] == "Flatten"
flat["config"]["name"] = "net_in"
save("nested_name.h5", nested_name, transfer_groups)
expect("nested_name.h5", answer)
nested_end = copy.deepcopy(transfer)
del nested_end["config"]["layers"][3]
nested_end["config"]["output_layers"] = [["head", 1, 0]]
save("nested_end.h5", nested_end, transfer_groups)
expect("nested_end.h5", answer)

old_name = copy.deepcopy(graph)
old_name["class_name"] = "Model"  # until TensorFlow 2.3
save("model.h5", old_name, graph_groups)
expect("model.h5", graph_answer)


# --- Keras 3's way of writing .h5 -----------------------------------------------------------------

def third(config):
    if config["class_name"] == "Functional":
        return third_functional(config)
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"},
              "registered_name": None}
    c = {("batch_shape" if k == "batch_input_shape" else k): v for k, v in config["config"].items()}
    c["dtype"] = policy
    if "layers" in c:
        c["layers"] = [third(inner) for inner in c["layers"]]
    return {"module": "keras.layers", "class_name": config["class_name"], "config": c,
            "registered_name": None, "build_config": {"input_shape": [None, 1]}}


def tensor(name, call):
    return {"class_name": "__keras_tensor__", "config": {
        "shape": [None], "dtype": "float32", "keras_history": [name, call, 0]}}


def third_functional(config):
    c = dict(config["config"], trainable=True)
    c["layers"] = []
    for inner in config["config"]["layers"]:
        sources = [tensor(t[0], t[1]) for n in inner["inbound_nodes"] for t in n]
        nodes = [{"args": [sources] if len(sources) > 1 else sources, "kwargs": {"training": False}}]
        c["layers"].append(dict(third(inner), name=inner["name"],
                                inbound_nodes=nodes if sources else []))
    c["input_layers"] = config["config"]["input_layers"][0]
    c["output_layers"] = config["config"]["output_layers"][0]
    return {"module": "keras", "class_name": "Functional", "config": c, "registered_name": "Functional"}


start = layer("InputLayer", "input_layer", batch_input_shape=SHAPE, sparse=False, ragged=False)
bare = [copy.deepcopy(l) for l in layers]
del bare[0]["config"]["batch_input_shape"]
bare[0]["config"]["activation"] = {"module": "builtins", "class_name": "function", "config": "relu",
                                   "registered_name": "function"}
sequential3 = {"module": "keras", "class_name": "Sequential", "registered_name": None, "config": {
    "name": "net", "trainable": True, "layers": [third(l) for l in [start] + bare],
    "build_input_shape": SHAPE}}


def third_groups(groups):
    """Keras 3's DepthwiseConv2D calls its array `kernel`."""
    return {g: [(l, "kernel" if l == "deep" else n, a) for l, n, a in members] for g, members in groups.items()}


save("keras3.h5", sequential3, dict(third_groups(groups), top_level_model_weights=[]), "3.4.1", ending="")
expect("keras3.h5", answer)
save("keras3_functional.h5", third_functional(graph), graph_groups, "3.4.1", ending="")
expect("keras3_functional.h5", graph_answer)
save("keras3_transfer.h5", third_functional(transfer), third_groups(transfer_groups), "3.4.1", ending="")
expect("keras3_transfer.h5", answer)
nested_end["config"]["layers"][2]["inbound_nodes"] = node("body")  # counts from 0 here, from 1 in the end
save("keras3_nested_end.h5", third_functional(nested_end), third_groups(transfer_groups), "3.4.1", ending="")
expect("keras3_nested_end.h5", answer)

# --- Keras 1 with Theano --------------------------------------------------------------------------

weights["first"] = arrays(kernel=(3, 3, 3, 4), bias=4)
weights["second"] = arrays(kernel=(12 * 4, 5), bias=5)
modern = {"class_name": "Sequential", "config": [
    layer("Conv2D", "first", filters=4, activation="relu", batch_input_shape=SHAPE, **CONV),
    layer("MaxPooling2D", "pool", strides=[2, 2], **POOL),
    layer("Flatten", "flat"),
    layer("Activation", "act", activation="sigmoid"),
    layer("Dense", "second", units=5, activation="softmax", use_bias=True)]}
old = {"class_name": "Sequential", "config": [
    {"class_name": "Convolution2D", "config": dict(
        name="first", nb_filter=4, nb_row=3, nb_col=3, subsample=[1, 1], border_mode="same", bias=True,
        activation="relu", dim_ordering="th", batch_input_shape=[None, 3, 6, 8])},
    {"class_name": "MaxPooling2D", "config": dict(
        name="pool", pool_size=[2, 2], strides=[2, 2], border_mode="valid", dim_ordering="th")},
    {"class_name": "Flatten", "config": {"name": "flat"}},
    {"class_name": "Activation", "config": {"name": "act", "activation": "sigmoid"}},
    {"class_name": "Dropout", "config": {"name": "drop", "p": 0.5}},
    {"class_name": "Dense", "config": dict(name="second", output_dim=5, activation="softmax", bias=True)}]}
kernel, rows = weights["first"]["kernel"], weights["second"]["kernel"]
old_groups = {
    "first": [("first", "first_W", kernel[::-1, ::-1].transpose(3, 2, 0, 1)),
              ("first", "first_b", weights["first"]["bias"])],
    "pool": [], "flat": [],
    "second": [("second", "second_W", rows.reshape(3, 4, 4, 5).transpose(2, 0, 1, 3).reshape(48, 5)),
               ("second", "second_b", weights["second"]["bias"])]}


def save_old(name, config, members):
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(config, file)
    with h5py.File(os.path.join(folder, name + ".h5"), "w") as file:
        write_weights(file, members, ending="")


save_old("keras1", old, old_groups)
expect("keras1.json", numpy_keras.run(modern, weights, [picture]))

# --- bad files ------------------------------------------------------------------------------------

refuse("nowhere.h5", "cannot be read", "No such file")


def write(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


write("text.h5", b"this is no model\n" * 100)
refuse("text.h5", "not an HDF5 file")
write("empty.h5", b"")
refuse("empty.h5", "not an HDF5 file")
write("zip.keras", b"PK\3\4" + bytes(100))
refuse("zip.keras", ".keras archive", ".h5")
whole = open(os.path.join(folder, "list.h5"), "rb").read()
write("truncated.h5", whole[:len(whole) // 2])
refuse("truncated.h5", "damaged or truncated")
write("damaged.json", b'{"class_name": "Sequential", ')
refuse("damaged.json", "no readable JSON", "line 1")
write("deep.json", b'{"class_name":' * 5000)
refuse("deep.json", "no readable JSON")
write("lonely.json", json.dumps(as_list).encode())
refuse("lonely.json", "missing weights", "lonely_weights.h5")
with h5py.File(os.path.join(folder, "no_model.h5"), "w") as file:
    file["pictures"] = np.zeros(3)
refuse("no_model.h5", "holds no model")
save("bad_config.h5", sequential, groups, text=lambda text: text[:-1])
refuse("bad_config.h5", "configuration is damaged")
save("config_of_numbers.h5", sequential, groups, text=lambda text: 7)
refuse("config_of_numbers.h5", "model_config", "no readable text")


def spoil(name, says, change_config=None, change_groups=None, config=as_list, members=None,
          version="2.11.0", **more):
    config, members = copy.deepcopy(config), copy.deepcopy(members or groups)
    if change_config:
        change_config(config)
    if change_groups:
        change_groups(members)
    save(name, config, members, version, **more)
    refuse(name, *says)


def setting(index, **values):
    return lambda config: config["config"][index]["config"].update(values)


def array(name, index, change):
    def apply(members):
        owner, weight, value = members[name][index]
        members[name][index] = (owner, weight, change(value))
    return apply


def with_value(value):
    def apply(a):
        a = a.copy()
        a.flat[1] = value
        return a
    return apply


spoil("missing_group.h5", ["dense", "missing weights"], None, lambda m: m.pop("dense"))
spoil("missing_array.h5", ["conv", "1 arrays", "needs 2"], None, lambda m: m["conv"].pop())
spoil("wrong_shape.h5", ["conv/bias:0", "(5)", "needs (4)"], None,
      array("conv", 1, lambda a: np.zeros(5)))
spoil("wrong_rank.h5", ["conv/kernel:0", "(108)", "(3, 3, 3, 4)"], None,
      array("conv", 0, lambda a: a.reshape(-1)))
spoil("variance.h5", ["layer norm", "variance -5 of channel 1"], None,
      array("norm", 3, with_value(-5)))
spoil("nan.h5", ["layer norm", "moving_mean", "NaN"], None, array("norm", 2, with_value(np.nan)))
spoil("infinite.h5", ["layer answer", "infinite"], None, array("answer", 0, with_value(np.inf)))
spoil("integers.h5", ["conv/kernel:0", "floating point"], dtype="i4")
spoil("layer.h5", ["layer flat", "class LSTM is not supported", "supported are", "Conv2D", "Rescaling"],
      lambda c: c["config"][7].update(class_name="LSTM"))
spoil("root.h5", ["class Dense is no model"], lambda c: c.update(class_name="Dense"))
spoil("nameless.h5", ["class  is no model"], lambda c: c.clear())
spoil("no_layers.h5", ["no layers"], lambda c: c.update(config=[]))
spoil("subclassed.h5", ["no layers"], lambda c: c.update(config={"name": "x"}, class_name="Model"))
spoil("custom.h5", ["model inner lists no layers", "subclassed"], lambda c: c["config"].append(
    {"class_name": "Model", "config": {"name": "inner"}}))
spoil("no_shape.h5", ["no input shape"], lambda c: c["config"][0]["config"].pop("batch_input_shape"))
spoil("broken_shape.h5", ["has to be whole numbers"], setting(0, batch_input_shape=[None, 16.5, 16, 3]))
spoil("open_shape.h5", ["size is not fixed"], setting(0, batch_input_shape=[None, None, None, 3]))
spoil("negative_shape.h5", ["at least 1, not -6 x 8 x 3"], setting(0, batch_input_shape=[None, -6, 8, 3]))
spoil("five_axes.h5", ["5 axes"], setting(0, batch_input_shape=[None, 1, 2, 3, 4, 5]))
spoil("huge_shape.h5", ["more than 268435456 values"],
      setting(0, batch_input_shape=[None, 2147483647, 2147483647, 2147483647]))
spoil("huge_units.h5", ["layer dense", "more than"], setting(8, units=2147483647))
spoil("huger_units.h5", ["layer dense", "units must be an integer"], setting(8, units=1e30))
spoil("no_units.h5", ["layer dense", "at least one unit"], setting(8, units=0))
spoil("words.h5", ["layer dense", "units must be an integer"], setting(8, units="six"))
spoil("negative_filters.h5", ["layer conv", "not -4"], setting(0, filters=-4))
spoil("zero_stride.h5", ["layer conv", "stride 0"], setting(0, strides=[0, 1]))
spoil("huge_kernel.h5", ["layer conv", "kernel 100000"], setting(0, kernel_size=[100000, 3]))
spoil("no_kernel_size.h5", ["layer conv", "kernel_size is missing"], setting(0, kernel_size=None))
spoil("channels_first.h5", ["layer conv", "channels_first is not supported"],
      setting(0, data_format="channels_first"))
spoil("groups.h5", ["layer conv", "groups 2"], setting(0, groups=2))
spoil("causal.h5", ["layer conv", "padding causal"], setting(0, padding="causal"))
spoil("threshold.h5", ["layer relu6", "threshold 0.5"], setting(4, threshold=0.5))
spoil("cap.h5", ["layer relu6", "above 0"], setting(4, max_value=0.0))
spoil("axis.h5", ["layer norm", "axis 1"], setting(1, axis=[1]))
spoil("epsilon.h5", ["layer norm", "epsilon"], setting(1, epsilon=-1.0))
spoil("renorm.h5", ["layer norm", "renorm"], setting(1, renorm=True))
spoil("activation.h5", ["layer conv", "activation gelu", "supported are", "softmax"],
      setting(0, activation="gelu"))
spoil("hard_sigmoid.h5", ["layer conv", "hard_sigmoid of Keras 3"], setting(0, activation="hard_sigmoid"),
      version="3.0.0")
spoil("classes.h5", ["pawcam_classes", "3 classes, but 2"], attributes=[("pawcam_classes", ["a", "b"])])
spoil("scale.h5", ["pawcam_scale", "one number or three"], attributes=[("pawcam_scale", [1.0, 2.0])])
spoil("offset.h5", ["pawcam_offset", "finite"], attributes=[("pawcam_offset", np.nan)])
spoil("channels.h5", ["pawcam_channels", "rgb"], attributes=[("pawcam_channels", "gbr")])
spoil("bound.h5", ["pawcam_threshold", "0..1"], attributes=[("pawcam_threshold", 2.0)])


def graph_layer(name, change):
    def apply(config):
        for inner in config["config"]["layers"]:
            if inner["name"] == name:
                change(inner)
    return apply


def spoil_graph(name, says, layer_name, change):
    spoil(name, says, graph_layer(layer_name, change), config=graph, members=graph_groups)


spoil_graph("cycle.h5", ["cycle"], "norm", lambda l: l.update(inbound_nodes=node("sum")))
spoil_graph("self.h5", ["layer norm", "cycle"], "norm", lambda l: l.update(inbound_nodes=node("norm")))
spoil_graph("stranger.h5", ["layer norm", "reads ghost"], "norm",
            lambda l: l.update(inbound_nodes=node("ghost")))
spoil_graph("shared.h5", ["layer norm", "2 times", "shared layers"], "norm",
            lambda l: l.update(inbound_nodes=node("conv") + node("conv")))
spoil_graph("second_call.h5", ["layer norm", "conv, which is called more than once"], "norm",
            lambda l: l.update(inbound_nodes=[[["conv", 1, 0, {}]]]))
spoil_graph("no_input.h5", ["layer norm", "no input"], "norm", lambda l: l.update(inbound_nodes=[]))
spoil_graph("strange_nodes.h5", ["layer norm", "inbound_nodes"], "norm",
            lambda l: l.update(inbound_nodes=[[{"a": 1}]]))
spoil_graph("one_summand.h5", ["layer sum", "two inputs"], "sum",
            lambda l: l.update(inbound_nodes=node("act")))
spoil_graph("uneven.h5", ["layer sum", "inputs differ"], "sum",
            lambda l: l.update(inbound_nodes=node("act", "net_in")))
spoil_graph("twins.h5", ["two layers are called conv"], "norm", lambda l: l["config"].update(name="conv"))
for key in ("input_layers", "output_layers"):
    spoil("two_" + key + ".h5", [key, "only one"],
          lambda c, key=key: c["config"].update({key: [["net_in", 0, 0], ["end", 0, 0]]}),
          config=graph, members=graph_groups)
spoil("no_output.h5", ["output layer ghost", "does not exist"],
      lambda c: c["config"].update(output_layers=[["ghost", 0, 0]]), config=graph, members=graph_groups)



def spoil_transfer(name, says, layer_name, inbound):
    spoil(name, says, graph_layer(layer_name, lambda l: l.update(inbound_nodes=inbound)),
          config=transfer, members=transfer_groups)


spoil_transfer("nested_shared.h5", ["layer body", "2 times", "shared layers"], "body",
               node("net_in") + node("net_in"))
spoil_transfer("nested_third_call.h5", ["layer head", "body, which is called more than once"], "head",
               [[["body", 2, 0, {}]]])

deep = as_list
for level in range(20):
    deep = {"class_name": "Sequential", "config": {"name": f"level{level}", "layers": [deep]}}
spoil("nested_too_deep.h5", ["nested deeper than 16"], config=deep)
spoil("promise.h5", ["input head_in", "1 x 1 x 5"],
      lambda c: c["config"]["layers"][1]["config"]["layers"][0]["config"].update(
          batch_input_shape=[None, 2, 2, 5]),
      config=nested, members={"wrap": nested_group(body), "head": nested_group(head)})
spoil("nested_missing.h5", ["layer norm", "gamma is missing", "wrap"], None,
      lambda m: m["wrap"].pop(2), config=nested,
      members={"wrap": nested_group(body), "head": nested_group(head)})


def spoil_old(name, says, change):
    config = copy.deepcopy(old)
    change(config["config"])
    save_old(name, config, old_groups)
    refuse(name + ".json", *says)


spoil_old("old_mixed", ["mixed"], lambda c: c[1]["config"].update(dim_ordering="tf"))
spoil_old("old_even", ["layer first", "odd sizes"], lambda c: c[0]["config"].update(nb_row=2))
spoil_old("old_norm", ["layer norm", "channels-first Flatten"], lambda c: c.insert(
    3, {"class_name": "BatchNormalization", "config": {"name": "norm", "axis": -1, "mode": 0}}))
spoil_old("old_mode", ["layer norm", "mode"], lambda c: c.insert(
    3, {"class_name": "BatchNormalization", "config": {"name": "norm", "axis": -1, "mode": 2}}))

for name, listed in (("good", good), ("bad", bad)):
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(listed, file)
