"""Random blocks through the model and the venue, compared in everything. See README.md."""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from actions import RandomBlocks
from compare import Comparison, Difference, conservation
from rules import BATCH_LEG, Status
from shrink import shrink
from venue import Model

FULL_EVERY = 40  # blocks between comparisons of all accounts and markets
MARGIN = (Status.MARGIN_TAKER, Status.MARGIN_MAKER)
# Statuses that random blocks do not reach, and why that is no gap.
ELSEWHERE = {
    "MarketLimit": "512 open markets of one account: scenarios.py",
    "Limit": "1,024 feeds: scenarios.py",
    "Inconsistent": "cells that contradict each other, which only speculation shows",
}
INT128 = {"amount", "profit_cap"}


def wire(node, name=""):
    """The form of log.fbs: 128-bit numbers in two halves, nothing where there is nothing."""
    if isinstance(node, dict):
        if name == "host_fees":
            return {side: halves(fee) for side, fee in node.items()}
        return {key: wire(value, key) for key, value in node.items() if value is not None}
    if isinstance(node, list):
        return [wire(item) for item in node]
    return halves(node) if name in INT128 else node


def halves(number):
    return {"low": number % 2**64, "high": number // 2**64 % 2**64}


def plain(node):
    """Undoes `wire`."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"low", "high"}:
        number = node["high"] * 2**64 + node["low"]
        return number - 2**128 if number >= 2**127 else number
    return {key: plain(value) for key, value in node.items()}


def blocks_of_log(options):
    """Blocks of a log: a file, or one that the command generates."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/blocks.log"
        sizes = ["--blocks", "30", "--block-size", "120", "--seed", str(options.seed)]
        kind = ["--workload", options.workload, "--output", path]
        subprocess.run(
            [options.lockstep, "generate", *kind, *sizes], check=True, stdout=subprocess.DEVNULL
        )
        text = subprocess.run(
            [options.runner, options.schema, path], check=True, capture_output=True, text=True
        ).stdout
    return [plain(json.loads(line)) for line in text.splitlines()]


class VenueProcess:
    """The C++ venue behind a pipe: a block as JSON in, its results as JSON out."""

    def __init__(self, options):
        self.process = subprocess.Popen(
            [options.runner, options.schema],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, block):
        self.process.stdin.write(json.dumps(wire(block)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the venue's program has ended: a block was not one of the format")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Run:
    """A model and a venue side by side."""

    def __init__(self, options):
        self.model = Model()
        self.venue = VenueProcess(options)
        self.comparison = Comparison(self.model)
        self.statuses = collections.Counter()
        self.types = collections.Counter()
        self.fills = collections.Counter()
        self.blocks = []
        self.outcome = None  # of the last block

    def step(self, block, everything=False):
        self.blocks.append(block)
        answer = self.venue.run(block)
        outcome = self.outcome = self.model.run_block(block)
        self.count(block, outcome)
        self.comparison.compare_block(block, outcome, answer, everything)
        if everything:
            broken = conservation(self.model.state)
            if broken:
                raise Difference("I1 in the model: (accounted for, deposited) by asset", broken, {})

    def count(self, block, outcome):
        for transaction, receipt in zip(block["transactions"], outcome.receipts):
            kind = transaction["payload_type"]
            self.statuses[receipt.status] += 1
            self.types[kind] += 1
            if kind == "Trade":
                self.fills[receipt.status] += 1
            for event, fields in receipt.events:
                if event == BATCH_LEG:
                    self.fills[fields["status"]] += 1
                    self.statuses[fields["status"]] += 1


def replay(options, blocks):
    """Runs given blocks; the difference, or None."""
    run = Run(options)
    try:
        for at, block in enumerate(blocks):
            run.step(block, everything=at + 1 == len(blocks))
    except Difference as difference:
        return difference
    finally:
        run.venue.close()
    return None


def report(options, run, difference):
    block = run.blocks[-1]
    print(f"DIFFERENCE in block {block['height']}, time {block['time_ms']}: {difference}")
    found = re.match(r"transaction (\d+)", difference.where)
    if found:
        print("  transaction", json.dumps(block["transactions"][int(found.group(1))]))
    blocks = run.blocks
    if options.shrink:
        blocks, last = shrink(blocks, lambda some: replay(options, some), options.shrink)
        print(f"  in fewer transactions: {last}")
        for one in blocks:
            for transaction in one["transactions"]:
                print(f"    block {one['height']}, {one['time_ms']}:", json.dumps(transaction))
    if options.keep:
        pathlib.Path(options.keep).write_text(json.dumps(blocks), encoding="utf-8")
        print(f"  blocks are in {options.keep}; --blocks {options.keep} runs them again")


def never_reached(options, statuses):
    """Names of statuses that the venue has and that no transaction got."""
    text = pathlib.Path(options.statuses).read_text(encoding="utf-8")
    codes = {int(code): name for name, code in re.findall(r"^    k(\w+) = (\d+),", text, re.M)}
    return [name for code, name in sorted(codes.items()) if not statuses[code]]


def random_blocks(seed, transactions, block_size=60):
    """Blocks made with the model alone."""
    model = Model()
    generator = RandomBlocks(model, seed)
    blocks, done = [], 0
    for block in generator.setup():
        model.run_block(block)
        blocks.append(block)
    while done < transactions:
        block = generator.random_block(block_size)
        model.run_block(block)
        blocks.append(block)
        done += len(block["transactions"])
    return blocks


def random_run(options):
    run = Run(options)
    generator = RandomBlocks(run.model, options.seed)
    done, begin = 0, time.monotonic()
    try:
        for block in generator.setup():
            run.step(block)
        while done < options.transactions:
            block = generator.random_block(options.block_size)
            done += len(block["transactions"])
            last = done >= options.transactions
            run.step(block, everything=last or len(run.blocks) % FULL_EVERY == 0)
    except Difference as difference:
        report(options, run, difference)
        return None
    finally:
        run.venue.close()
    fills = sum(run.fills.values())
    refused = sum(run.fills[status] for status in MARGIN)
    print(
        f"seed {options.seed}: {done} transactions in {len(run.blocks)} blocks agree,"
        f" {time.monotonic() - begin:.0f} s; {fills} fills, {run.fills[0]} applied,"
        f" {100 * refused // fills} % fail margin; {len(run.statuses)} statuses"
    )
    if options.verbose:
        print("types", dict(run.types.most_common()))
        print("statuses", dict(run.statuses.most_common()))
        print("fills", dict(run.fills.most_common()))
    if 5 * refused < fills:
        print("fewer than a fifth of the fills fail margin: the generator has lost its bite")
        return None
    return run.statuses


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", required=True, help="the program run_blocks")
    parser.add_argument("--schema", required=True, help="replay/format/log.fbs")
    parser.add_argument("--statuses", help="instruments/status.hpp: also ask for every status")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transactions", type=int, default=10_000)
    parser.add_argument("--block-size", type=int, default=60)
    parser.add_argument("--lockstep", help="the command: compare blocks that it generates")
    parser.add_argument("--workload", default="mixed", help="which ones")
    parser.add_argument("--blocks", help="run the blocks of a file instead of random ones")
    parser.add_argument("--keep", help="where to write the blocks of a difference")
    parser.add_argument("--shrink", type=int, metavar="SECONDS", help="look for a smaller case")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.blocks or options.lockstep:
        if options.blocks:
            blocks = json.loads(pathlib.Path(options.blocks).read_text(encoding="utf-8"))
        else:
            blocks = blocks_of_log(options)
        difference = replay(options, blocks)
        count = sum(len(block["transactions"]) for block in blocks)
        print(difference or f"{len(blocks)} blocks of {count} transactions agree")
        return 1 if difference else 0
    statuses = random_run(options)
    if statuses is None:
        return 1
    if options.statuses:
        missing = never_reached(options, statuses)
        print("never reached:", ", ".join(missing) or "none")
        return 1 if set(missing) - ELSEWHERE.keys() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
