"""A bank by every executor, beside a loop over a dictionary."""
import gc
import random
import time
import unittest

import lockstep

ACCOUNTS = 40
FEES = b"fees"


def key(account):
    return b"account/%03d/" % account + b"k" * 60


def number(value):
    return 0 if value is None else int.from_bytes(value, "little")


class Broken(Exception):
    pass


def execute(call):
    way, sender, receiver, amount = call.data
    if way == 9:
        raise Broken
    if call.values:
        a, b = (number(value) for value in call.values[:2])
    else:
        a, b = number(call.get(key(sender))), number(call.get(key(receiver)))
    if sender == receiver or a < amount:
        call.status = 1
        return
    if a == amount:
        call.erase(key(sender))
    else:
        call.put(key(sender), (a - amount).to_bytes(8, "little"))
    call.put(key(receiver), (b + amount).to_bytes(8, "little"))
    if way == 2:
        assert number(call.get(key(receiver))) == b + amount
    call.refused_status = 2
    call.add(FEES, 1, 0, 1000)
    call.emit(3, bytes([amount]))


def model(state, data):
    """Status and disposition, by a loop over a dictionary."""
    way, sender, receiver, amount = data
    if way == 9:
        return 1, 2
    if sender == receiver or state.get(sender, 0) < amount:
        return 1, 0
    if state[FEES] == 1000:
        return 2, 0
    state[sender] = state.get(sender, 0) - amount
    state[receiver] = state.get(receiver, 0) + amount
    state[FEES] += 1
    return 0, 0


def run(test, executor, complete):
    chain = lockstep.Chain(execute, executor, 3)
    state = {account: 5000 for account in range(0, ACCOUNTS, 2)}
    chain.load({key(account): (5000).to_bytes(8, "little") for account in state})
    state[FEES] = 0
    dice = random.Random(1)
    digests = []
    for height in range(1, 9):
        block = []
        for _ in range(200):
            way = dice.choice([0, 1, 2, 2, 9])
            data = bytes([way, dice.randrange(ACCOUNTS), dice.randrange(ACCOUNTS), dice.randrange(250)])
            uses = []
            if complete or way == 1:
                uses = [(key(data[1]), lockstep.WRITE), (key(data[2]), lockstep.WRITE), (FEES, lockstep.ADD)]
            block.append((data, uses))
        result = chain.execute(height, block, complete)
        expected = [model(state, data) for data, _ in block]
        test.assertEqual(list(zip(result.statuses, result.dispositions)), expected)
        for i, (status, _) in enumerate(expected):
            test.assertEqual(len(result.events(i)), int(status == 0))
        digests.append((result.block, result.state, [result.effects(i) for i in range(len(result))]))
    test.assertEqual(state.pop(FEES), 1000, "the bound of the fees is met")
    held = {key(account): balance for account, balance in state.items() if balance}
    cells = {name: number(value) for name, value in chain.items() if name != FEES}
    test.assertEqual(cells, held)
    test.assertEqual(list(cells), sorted(cells))
    return digests


class Lockstep(unittest.TestCase):
    def test_every_executor_equals_a_loop_over_a_dictionary(self):
        expected = run(self, lockstep.SERIAL, True)
        for executor in (lockstep.SERIAL, lockstep.PARALLEL, lockstep.ADAPTIVE):
            for complete in (True, False):
                self.assertEqual(run(self, executor, complete), expected)

    def test_a_call_is_good_during_execute(self):
        kept = []
        chain = lockstep.Chain(kept.append)
        result = chain.execute(1, [(b"x", [])])
        statuses = result.statuses
        del chain, result
        gc.collect()
        self.assertEqual(list(statuses), [0])
        with self.assertRaises(RuntimeError):
            kept[0].data
        with self.assertRaises(RuntimeError):
            kept[0].put(b"k", b"v")

    def test_proposals_and_reorganisations(self):
        def count(call):
            value = call.get(call.data) or b""
            call.erase(call.data) if len(value) == 2 else call.put(call.data, value + b"x")

        chain, other, store = lockstep.Chain(count, workers=2), lockstep.Chain(count, lockstep.SERIAL), {}
        for height in range(1, 12):
            block = [(bytes([i * height % 7]), []) for i in range(9)]
            before = chain.items()
            proposal = chain.execute(height, block, keep=False, diff=True)
            self.assertEqual(chain.items(), before)
            decision = chain.execute(height, block, diff=True)
            self.assertEqual((decision.block, decision.diff), (proposal.block, proposal.diff))
            chain.revert(decision)
            self.assertEqual(chain.items(), before)
            with self.assertRaisesRegex(RuntimeError, "not the last one"):
                chain.revert(decision)
            chain.apply(decision)
            other.apply(decision)
            for changed, old, new in decision.diff:
                self.assertEqual(store.get(changed), old)
                store[changed] = new
            store = {changed: value for changed, value in store.items() if value is not None}
            self.assertEqual(store, dict(chain.items()))
            self.assertEqual(chain.items(), other.items())
        with self.assertRaisesRegex(RuntimeError, "without diff"):
            chain.execute(12, []).diff

    def test_errors_are_told(self):
        chain = lockstep.Chain(lambda call: None)
        with self.assertRaisesRegex(RuntimeError, "too long"):
            chain.load({b"k" * 5000: b"v"})
        with self.assertRaisesRegex(RuntimeError, "no kind"):
            chain.execute(1, [(b"x", [(b"k", 77)])])
        with self.assertRaisesRegex(RuntimeError, "no such executor"):
            lockstep.Chain(lambda call: None, 7)

    def test_an_interrupt_fails_the_block(self):
        def interrupted(call):
            call.put(b"k", b"v")
            raise KeyboardInterrupt

        chain = lockstep.Chain(interrupted, lockstep.SERIAL)
        with self.assertRaisesRegex(RuntimeError, "the machine failed"):
            chain.execute(1, [(b"x", [])])
        self.assertEqual(chain.items(), [])

    def test_tells_what_a_transaction_costs(self):
        chain = lockstep.Chain(lambda call: None, lockstep.SERIAL)
        block = [(b"x", [(key(i % 50), lockstep.READ), (key(i % 49), lockstep.READ)]) for i in range(10000)]
        seconds = []
        for height in range(10):
            start = time.perf_counter()
            self.assertEqual(len(chain.execute(height, block, True)), 10000)
            seconds.append(time.perf_counter() - start)
        print(f"{min(seconds) * 1e5:.0f} ns a transaction")


if __name__ == "__main__":
    unittest.main()
