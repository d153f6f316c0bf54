//! A bank by every executor, beside a loop over a map.

use lockstep::{Block, Call, Chain, Executed, Executor, Kind, Machine, Outcome, Transaction};
use std::collections::BTreeMap;

const ACCOUNTS: u64 = 40;
const FEES: &[u8] = b"fees";

fn key(account: u8) -> Vec<u8> {
    format!("account/{account:03}/{}", "k".repeat(60)).into_bytes()
}
fn number(value: Option<&[u8]>) -> u64 {
    value.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
}

struct Bank;

impl Machine for Bank {
    fn execute(&self, call: &mut Call<'_>) -> Outcome {
        let [way, from, to, amount]: [u8; 4] = call.data().try_into().unwrap();
        assert_ne!(way, 9, "a machine that breaks");
        let amount = u64::from(amount);
        let (a, b) = if call.uses() != 0 {
            (number(call.value(0)), number(call.value(1)))
        } else {
            let a = call.get(&key(from)).map(number);
            match (a, call.get(&key(to)).map(number)) {
                (Ok(a), Ok(b)) => (a, b),
                _ => return Outcome::of(0), // stopped
            }
        };
        if from == to || a < amount {
            return Outcome::of(1);
        }
        if a == amount {
            call.erase(&key(from));
        } else {
            call.put(&key(from), &(a - amount).to_le_bytes());
        }
        call.put(&key(to), &(b + amount).to_le_bytes());
        if way == 2 {
            if let Ok(seen) = call.get(&key(to)).map(number) {
                assert_eq!(seen, b + amount, "a call sees its own changes");
            }
        }
        call.add(FEES, 1, 0..=1000);
        call.emit(3, &[amount as u8]);
        Outcome { refused_status: 2, ..Outcome::of(0) }
    }
}

/// Status and whether it faults, by a loop over a map.
fn model(balances: &mut BTreeMap<u8, u64>, paid: &mut u64, data: &[u8]) -> (u16, bool) {
    let (from, to, amount) = (data[1], data[2], u64::from(data[3]));
    let held = balances.get(&from).copied().unwrap_or(0);
    if data[0] == 9 {
        (1, true)
    } else if from == to || held < amount {
        (1, false)
    } else if *paid == 1000 {
        (2, false)
    } else {
        balances.insert(from, held - amount);
        *balances.entry(to).or_default() += amount;
        *paid += 1;
        (0, false)
    }
}

fn run(executor: Executor, complete: bool) -> Vec<Executed> {
    let mut seed = 1_u64;
    let mut below = |bound: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((seed >> 33) % bound) as u8
    };
    let mut chain = Chain::new(Bank, executor, 3).unwrap();
    let (mut balances, mut paid, mut results) = (BTreeMap::new(), 0, Vec::new());
    for account in (0..ACCOUNTS as u8).step_by(2) {
        balances.insert(account, 5000);
        chain.load(&key(account), Some(&5000_u64.to_le_bytes())).unwrap();
    }
    for height in 1..=8 {
        let mut block = Block { height, complete, ..Block::default() };
        for _ in 0..200 {
            let way = [0, 1, 2, 2, 9][below(5) as usize];
            let data = vec![way, below(ACCOUNTS), below(ACCOUNTS), below(250)];
            let mut uses = Vec::new();
            if complete || way == 1 {
                uses = vec![(key(data[1]), Kind::Write), (key(data[2]), Kind::Write), (FEES.to_vec(), Kind::Add)];
            }
            block.transactions.push(Transaction { data, uses });
        }
        let executed = chain.execute(&block).unwrap();
        for (receipt, transaction) in executed.receipts.iter().zip(&block.transactions) {
            let expected = model(&mut balances, &mut paid, &transaction.data);
            assert_eq!((receipt.status, receipt.faulted), expected, "height {height}");
            assert_eq!(receipt.events.len(), usize::from(expected.0 == 0));
        }
        results.push(executed);
    }
    assert_eq!(paid, 1000, "the bound of the fees is met");
    balances.retain(|_, balance| *balance != 0);
    let mut cells = 0;
    chain.for_each(|_, _| cells += 1);
    assert_eq!(cells, balances.len() + 1);
    for account in 0..ACCOUNTS as u8 {
        assert_eq!(number(chain.get(&key(account))), balances.get(&account).copied().unwrap_or(0));
    }
    results
}

#[test]
fn every_executor_equals_a_loop_over_a_map() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic.to_string().contains("a machine that breaks") {
            eprintln!("{panic}");
        }
    }));
    let expected = run(Executor::Serial, true);
    for executor in [Executor::Serial, Executor::Parallel, Executor::Adaptive] {
        for complete in [true, false] {
            assert!(run(executor, complete) == expected, "{executor:?}, complete {complete}");
        }
    }
}

#[test]
fn proposals_and_reorganisations() {
    fn cells(chain: &mut Chain<Bank>) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut out = BTreeMap::new();
        chain.for_each(|key, value| drop(out.insert(key.to_vec(), value.to_vec())));
        out
    }
    let mut chain = Chain::new(Bank, Executor::Parallel, 2).unwrap();
    let mut other = Chain::new(Bank, Executor::Serial, 1).unwrap();
    for account in 0..ACCOUNTS as u8 {
        chain.load(&key(account), Some(&100_u64.to_le_bytes())).unwrap();
        other.load(&key(account), Some(&100_u64.to_le_bytes())).unwrap();
    }
    let mut store = cells(&mut chain);
    for height in 1..=12 {
        let mut block = Block { height, ..Block::default() };
        for i in 0..30 {
            let (from, to) = ((i * 7 + height) % ACCOUNTS, (i * 5 + 3) % ACCOUNTS);
            let data = vec![1, from as u8, to as u8, (i * height % 90) as u8];
            block.transactions.push(Transaction { data, uses: Vec::new() });
        }
        let before = cells(&mut chain);
        let (proposed, proposal) = chain.propose(&block).unwrap();
        assert_eq!(cells(&mut chain), before);
        let (decided, decision) = chain.execute_diff(&block).unwrap();
        assert_eq!(decided, proposed);
        assert!(decision.iter().eq(proposal.iter()) && decision.iter().count() > 0);
        chain.revert(&decision).unwrap();
        assert_eq!(cells(&mut chain), before);
        assert!(chain.revert(&decision).is_err());
        chain.apply(&decision).unwrap();
        other.apply(&proposal).unwrap();
        for change in decision.iter() {
            assert_eq!(change.before, store.get(change.key).map(|value| &value[..]));
            match change.after {
                Some(value) => drop(store.insert(change.key.to_vec(), value.to_vec())),
                None => drop(store.remove(change.key)),
            }
        }
        assert_eq!(cells(&mut chain), store);
        assert_eq!(cells(&mut other), store);
    }
}

#[test]
fn errors_are_told() {
    let mut chain = Chain::new(Bank, Executor::Parallel, 2).unwrap();
    assert!(chain.load(&[0; 5000], Some(b"x")).unwrap_err().to_string().contains("too long"));
    assert!(Chain::new(Bank, Executor::Parallel, 100_000).is_err());
    assert_eq!(chain.get(b"nothing"), None);
    assert_eq!(chain.execute(&Block::default()).unwrap().receipts, []);
}

struct Nothing;

impl Machine for Nothing {
    fn execute(&self, _call: &mut Call<'_>) -> Outcome {
        Outcome::of(0)
    }
}

/// One transaction that uses two keys and changes nothing: what the crossing costs.
#[test]
#[ignore = "measures"]
fn cost_of_a_transaction() {
    let mut chain = Chain::new(Nothing, Executor::Serial, 1).unwrap();
    let mut block = Block { height: 1, complete: true, ..Block::default() };
    for i in 0..10_000 {
        let uses = vec![(key((i % 50) as u8), Kind::Read), (key((i % 49) as u8), Kind::Read)];
        block.transactions.push(Transaction { data: vec![1], uses });
    }
    let mut best = std::time::Duration::MAX;
    for _ in 0..30 {
        let start = std::time::Instant::now();
        assert_eq!(chain.execute(&block).unwrap().receipts.len(), 10_000);
        best = best.min(start.elapsed());
    }
    println!("{} ns a transaction", best.as_nanos() / 10_000);
}
