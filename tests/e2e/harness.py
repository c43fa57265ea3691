"""What the end-to-end tests share: the daemon as a process, a small model, a recording, clients.

Each test is a script that defines functions test_*, and ends with harness.main(). It exits with 0,
or 77 when everything in it was skipped, or 1.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PAWCAMD = os.path.join(BUILD, "pawcamd")
DATA = os.path.join(ROOT, "../shared/data")
# Sanitizers make everything slower: waits are longer there, and long inputs shorter.
with open(PAWCAMD, "rb") as program:
    SLOW = 10 if re.search(rb"__[at]san_init", program.read()) else 1
folder = None  # the running script's own folder for temporary files


ATTEMPTS = 3  # at a test that says how soon: other work on the machine delays some of them, a fault delays all


class Skip(Exception):
    """Raised with the reason by a test that cannot run here."""


class Late(AssertionError):
    """Raised by a test that took longer than it should: it is tried again."""


def in_time(ok, detail):
    if not ok:
        raise Late(detail)


def path(name):
    return os.path.join(folder, name)


def write(name, content):
    with open(path(name), "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)
    return path(name)


def shared(name):
    """A file of ../shared/data; tests that use it are skipped where it is absent."""
    full = os.path.join(DATA, name)
    if not os.path.exists(full):
        raise Skip(f"../shared/data/{name} is not here")
    return full


def need(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


def keras_model(name, weights, bias, classes=("cat", "dog"), side=32, activation="softmax",
                first="GlobalAveragePooling2D"):
    """Writes a Keras 2 model: the mean of each colour channel, or all pixels if `first` is Flatten, then a Dense
    layer."""
    import h5py
    import numpy

    layers = [
        {"class_name": first, "config": {"name": "mean", "batch_input_shape": [None, side, side, 3]}},
        {"class_name": "Dense",
         "config": {"name": "scores", "units": len(bias), "activation": activation}},
    ]
    config = {"class_name": "Sequential", "config": {"name": "colours", "layers": layers}}
    with h5py.File(path(name), "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
        file.attrs["backend"] = "tensorflow"
        groups = file.create_group("model_weights")
        groups.attrs["layer_names"] = [b"mean", b"scores"]
        groups.create_group("mean").attrs["weight_names"] = numpy.array([], "S1")
        group = groups.create_group("scores")
        group.attrs["weight_names"] = [b"scores/kernel:0", b"scores/bias:0"]
        group["scores/kernel:0"] = numpy.array(weights, "float32")
        group["scores/bias:0"] = numpy.array(bias, "float32")
    return ["--model", path(name)] + (["--classes", ",".join(classes)] if classes else [])


def colour_model():
    """Red against blue: scores that follow the drawn scene and differ from frame to frame."""
    return keras_model("colours.h5", [[8, -8], [0, 0], [-8, 8]], [0, 0])


def sided_model():
    """What is red on the left is a cat, on the right a dog, and if there is none it is neither: one that a mirror
    confuses."""
    import numpy
    kernel = numpy.zeros((8, 8, 3, 3))
    kernel[:, :4, 0, 0] = kernel[:, 4:, 0, 1] = 0.2
    return keras_model("sided.h5", kernel.reshape(-1, 3), [-2, -2, 0], ["cat", "dog", "neither"], side=8,
                       first="Flatten")


def run(*args, status=0, timeout=60, **more):
    """Runs pawcamd to its end; returns the CompletedProcess after checking its exit status."""
    done = subprocess.run([PAWCAMD, *args], capture_output=True, timeout=timeout * SLOW,
                          stdin=more.pop("stdin", subprocess.DEVNULL), **more)
    assert done.returncode == status, \
        f"exit status {done.returncode}, not {status}: pawcamd {args}\n{done.stderr.decode()}"
    return done


def predictions(*args, **more):
    """The lines of a replay at full speed, as bytes."""
    return run(*args, "--no-web", "--replay-speed", "max", "--predictions", "-", **more).stdout


class Daemon:
    """A running pawcamd on a free port; stopped and checked at the end of the with block."""

    def __init__(self, *args, status=0, **more):
        self.status = status
        self.log_path = path(f"log-{time.monotonic_ns()}")
        self.log_file = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            [PAWCAMD, "--port", "0", *args], stderr=self.log_file,
            stdin=more.pop("stdin", subprocess.DEVNULL), **more)
        try:
            self.url = self.wait_log(r"open (http://\S+)/").group(1)
        except BaseException:
            self.process.kill()
            raise

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait_log(self, pattern, timeout=15):
        return wait(lambda: re.search(pattern, self.log()), f"{pattern} in the log", timeout,
                    lambda: self.log())

    def get(self, where):
        return urllib.request.urlopen(self.url + where, timeout=10 * SLOW).read()

    def state(self):
        return json.loads(self.get("/state"))

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Stops it and returns the seconds that it took."""
        start = time.monotonic()
        self.send(number)
        self.process.wait(30 * SLOW)
        return time.monotonic() - start

    def stop_at_once(self, number=signal.SIGTERM):
        seconds = self.stop(number)
        in_time(seconds < SLOW, f"stopped in {seconds:.3f} s")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.stop()
        self.log_file.close()
        if kind:
            print(self.log())
        else:
            assert self.process.returncode == self.status, \
                f"exit status {self.process.returncode}\n{self.log()}"


def wait(condition, what, timeout=15, detail=lambda: ""):
    """Waits until the condition gives something true, and returns that."""
    deadline = time.monotonic() + timeout * SLOW
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout * SLOW} s in vain for {what}\n{detail()}")


def recording(name="scene.mp4", frames=75, size="320x240"):
    """A film of the drawn scene, made by reading the daemon's own stream with ffmpeg."""
    need("ffmpeg")
    width, height = size.split("x")
    with Daemon("--source", "synthetic", "--fps", "25", "--width", width, "--height", height,
                "--label", "", *colour_model()) as daemon:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "mpjpeg", "-i",
                        daemon.url + "/stream", "-frames:v", str(frames), "-vf",
                        f"setpts=N/25/TB", "-r", "25", "-pix_fmt", "yuv420p", path(name)],
                       check=True, timeout=60 * SLOW, stdin=subprocess.DEVNULL)
    return path(name)


def count_frames(file):
    """What ffprobe counts by decoding all of it."""
    need("ffprobe")
    printed = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
         "stream=nb_read_frames", "-of", "csv=p=0", file], check=True, capture_output=True)
    return int(printed.stdout.strip().rstrip(b","))


def attempt(test):
    """Runs a test in a folder of its own."""
    global folder
    folder = tempfile.mkdtemp(prefix="pawcam-e2e-")
    try:
        test()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_test(test):
    """Returns ok, FAILED or SKIPPED and why."""
    for number in range(1, ATTEMPTS + 1):
        try:
            attempt(test)
            return "ok" if number == 1 else f"ok (attempt {number})"
        except Skip as reason:
            return f"SKIPPED: {reason}"
        except BaseException as error:
            traceback.print_exc()
            if number == ATTEMPTS or not isinstance(error, Late):
                return "FAILED"


def main():
    tests = [(name, value) for name, value in sys.modules["__main__"].__dict__.items()
             if name.startswith("test_") and callable(value)]
    outcomes = []
    for name, test in tests:
        outcomes.append(run_test(test))
        print(f"{name}: {outcomes[-1]}")
    sys.stdout.flush()
    sys.exit(1 if "FAILED" in outcomes else 77 if all(o.startswith("SKIPPED") for o in outcomes) else 0)
