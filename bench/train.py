"""Images a second of a full training step (forward, backward, Adam) with batches of 32, ours and
PyTorch's in turns, so that a busy moment of the machine hits both. `make bench-train` runs it.

With one thread the time is the processor's (what other programs take does not count); with more it
is the wall clock's, which means something on an idle machine only. The median is what the machine
gave; the least comes nearest to what it gives while nobody else uses it. (Ours is a new process in
each round, PyTorch's one for all: a process can be lucky or not with its memory.)"""
import argparse
import os
import statistics
import subprocess
import sys
import time

BATCH = 32
HERE = os.path.dirname(os.path.abspath(__file__))


def n1(nn):
    layers, channels = [], 3
    for filters in (32, 64, 128, 128):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8192, 512), nn.ReLU(), nn.Linear(512, 3))


def n2(nn):
    class Block(nn.Module):
        def __init__(self, channels, filters, stride):
            super().__init__()
            self.first = nn.Conv2d(channels, filters, 3, stride, 1)
            self.second = nn.Conv2d(filters, filters, 3, 1, 1)
            self.skip = nn.Conv2d(channels, filters, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x):
            y = self.second(nn.functional.relu(self.first(x)))
            return nn.functional.relu(y + self.skip(x))

    layers, channels = [nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2)], 32
    for filters in (32, 64, 128, 256):
        layers += [Block(channels, filters, 1 if filters == 32 else 2), Block(filters, filters, 1)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 3))


class Peer:
    """PyTorch's step; channels_last is the faster layout for some networks, so both are measured."""

    def __init__(self, torch, make, channels_last):
        torch.manual_seed(1)
        self.torch = torch
        self.net = make(torch.nn).train()
        self.x = torch.rand(BATCH, 3, 128, 128)
        self.y = torch.randint(0, 3, (BATCH,))
        if channels_last:
            self.net = self.net.to(memory_format=torch.channels_last)
            self.x = self.x.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.net.parameters(), 1e-4, foreach=True)
        self.step()

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.torch.nn.functional.cross_entropy(self.net(self.x), self.y).backward()
        self.optimizer.step()

    def measure(self):
        wall, cpu = time.perf_counter(), time.process_time()
        self.step()
        return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def ours(program, recipe, threads, steps):
    command = [program, os.path.join(HERE, recipe), str(BATCH), str(threads), str(steps), "auto"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [tuple(map(float, line.split())) for line in lines]


def compare(program, torch, name, make, threads, rounds):
    torch.set_num_threads(threads)
    peers = {"PyTorch": Peer(torch, make, False), "PyTorch channels_last": Peer(torch, make, True)}
    times = {"pawcam": [], **{peer: [] for peer in peers}}
    for _ in range(rounds):
        times["pawcam"] += ours(program, f"{name}.recipe", threads, 3)
        for peer, object_ in peers.items():
            times[peer] += [object_.measure() for _ in range(2)]
    clock = 1 if threads == 1 else 0
    times = {who: [t[clock] for t in all_] for who, all_ in times.items()}
    medians = {who: statistics.median(all_) for who, all_ in times.items()}
    ratios = [min(of(times[peer]) for peer in peers) / of(times["pawcam"])
              for of in (statistics.median, min)]
    for who, ms in medians.items():
        ratio = "{:.2f} x the faster PyTorch, least {:.2f} x".format(*ratios)
        print(f"{name}  {threads} thread{'s' if threads > 1 else ' '}  {who:22} {ms:7.1f} ms/step, "
              f"least {min(times[who]):7.1f} {BATCH * 1e3 / ms:6.1f} images/s "
              f"{'wall' if clock == 0 else 'cpu '}  {ratio if who == 'pawcam' else ''}",
              flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("bench-train: install python3-torch (apt-get install python3-torch) and use "
                 "/usr/bin/python3")
    for name, make in (("n1", n1), ("n2", n2)):
        for threads in arguments.threads:
            compare(arguments.program, torch, name, make, threads, arguments.rounds)


if __name__ == "__main__":
    main()
