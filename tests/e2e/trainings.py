"""What the tests of pawcam train share: a small recipe, the program, what it says, what it wrote."""
import os
import subprocess

import harness
from harness import write

PAWCAM = os.path.join(harness.BUILD, "pawcam")
# A sanitizer is to refuse huge allocations as malloc does.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="allocator_may_return_null=1",
                   TSAN_OPTIONS="allocator_may_return_null=1")

NETWORK = """
[network]
model = Sequential()
model.add(Conv2D(4, (3, 3), padding='same', activation='relu', input_shape=(8, 8, 1)))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dropout(0.2))
model.add(Dense(3, activation='softmax', name='kinds'))
[compile]
optimizer = {optimizer}
loss = 'categorical_crossentropy'
"""


def recipe(name="shapes.recipe", data="train = Shapes(count={count}, side=8)", count=1200,
           optimizer="Adam(learning_rate=5e-3)", epochs=3, more="validation_split = 0.25"):
    return write(name, "[data]\n" + data.format(count=count) +
                 "\n[augment]\nrotation_range = 10\nwidth_shift_range = 0.1\n" +
                 NETWORK.format(optimizer=optimizer) +
                 f"[fit]\nepochs = {epochs}\nseed = 7\n{more}\n")


def tool(*args, status=0, **more):
    done = subprocess.run([PAWCAM, *args], capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=120 * harness.SLOW, **more)
    assert done.returncode == status, \
        f"exit status {done.returncode}, not {status}: {args}\n{done.stdout}\n{done.stderr}"
    return done


def train(*args, **more):
    return tool("train", "--threads", "2", *args, **more)


def refused(status, words, *args, **more):
    """One error line that holds all these words, and this exit status."""
    done = tool(*args, status=status, **more)
    errors = [line for line in done.stderr.splitlines() if "error: " in line]
    assert len(errors) == 1, done.stderr
    for word in words:
        assert word in errors[0], f"{word!r} is not in {errors[0]!r}"
    print(errors[0])
    return done


def weights(file):
    """Every array of a Keras file, by name."""
    import h5py
    arrays = {}
    with h5py.File(file) as h5:
        h5["model_weights"].visititems(
            lambda name, item: arrays.update({name: item[()]}) if hasattr(item, "shape") else None)
    return arrays


def assert_same_weights(a, b):
    first, second = weights(a), weights(b)
    assert first.keys() == second.keys() and first
    for name, values in first.items():
        assert (values == second[name]).all(), name
