//! Executes blocks of opaque transactions over opaque byte keys and values, in parallel, with the
//! results of one transaction after the other.
#![warn(missing_docs)]

mod call;
mod diff;

use call::{bytes_of, shown, Desk};
pub use call::{Call, Outcome, Stopped};
pub use diff::{Change, Diff};
use lockstep_sys as sys;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::mem::{size_of, zeroed};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;

/// The embedder's: applies transactions.
///
/// What `execute` does follows from the transaction and the values that it is shown or reads,
/// alone: it runs any number of times, on any worker. A panic faults the transaction.
pub trait Machine: Send + Sync {
    /// Applies one transaction.
    fn execute(&self, call: &mut Call<'_>) -> Outcome;
}

/// How a transaction uses a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Reads it.
    Read = 1,
    /// Writes or erases it, and perhaps reads it.
    Write = 2,
    /// The same, and is not shown its value.
    Overwrite = 3,
    /// Adds to it.
    Add = 4,
}

/// A transaction for the machine, and the keys that it uses as far as they are known: a hint that
/// changes speed only.
#[derive(Debug, Clone, Default)]
pub struct Transaction {
    /// For the machine.
    pub data: Vec<u8>,
    /// In the order in which their values are shown.
    pub uses: Vec<(Vec<u8>, Kind)>,
}

/// What consensus has decided.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Consecutive.
    pub height: u64,
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// 0: none.
    pub weight_limit: u64,
    /// Transactions touch nothing but what they use.
    pub complete: bool,
    /// In their order.
    pub transactions: Vec<Transaction>,
}

/// How blocks run; results are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Executor {
    /// Parallel or serial, whichever proves faster.
    Adaptive = 0,
    /// On all workers.
    Parallel = 1,
    /// One transaction after the other: what the others are compared with.
    Serial = 2,
}

/// 128 bits that find accidents; no commitment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The machine's.
    pub status: u16,
    /// Behind the weight limit.
    pub skipped: bool,
    /// It panicked, or took too many steps.
    pub faulted: bool,
    /// The machine's.
    pub weight: u64,
    /// Of all that it changed.
    pub effects: Digest,
    /// Type and bytes.
    pub events: Vec<(u16, Vec<u8>)>,
}

/// What a block put out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// Of the state after the block.
    pub state: Digest,
    /// Of the chain up to the block.
    pub block: Digest,
    /// In block order.
    pub receipts: Vec<Receipt>,
}

/// Why the library refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "lockstep: {}", self.0)
    }
}
impl std::error::Error for Error {}

struct Host<M> {
    machine: M,
    desks: Vec<UnsafeCell<Desk>>, // of the workers
}

/// A state and a machine.
pub struct Chain<M: Machine> {
    chain: *mut sys::ls_chain,
    _host: Box<Host<M>>,
}

// SAFETY: a chain may be used by any thread, one at a time, which &mut self and !Sync say.
unsafe impl<M: Machine> Send for Chain<M> {}

extern "C" fn execute<M: Machine>(user: *mut c_void, view: *mut sys::ls_view, raw: *mut sys::ls_call) -> sys::ls_code {
    let run = || {
        // SAFETY: `user` is the Host, which outlives the chain; one execution of a worker at a time.
        let (host, raw) = unsafe { (&*(user as *const Host<M>), &mut *raw) };
        let desk = unsafe { &mut *host.desks[raw.worker as usize].get() };
        let mut call = Call::new(desk, view, raw);
        let outcome = host.machine.execute(&mut call);
        call.answer(outcome);
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(()) => sys::LS_OK,
        Err(_) => sys::LS_FAULT,
    }
}

extern "C" fn visit<F: FnMut(&[u8], &[u8])>(
    user: *mut c_void,
    key: sys::ls_bytes,
    value: sys::ls_bytes,
) -> sys::ls_code {
    let run = || {
        // SAFETY: `user` is the closure of for_each, which waits; the bytes are good meanwhile.
        unsafe { (*(user as *mut F))(shown(key).unwrap_or(&[]), shown(value).unwrap_or(&[])) }
    };
    catch_unwind(AssertUnwindSafe(run)).map_or(sys::LS_FAULT, |()| sys::LS_OK)
}

fn result_of(code: sys::ls_code, error: &sys::ls_error) -> Result<(), Error> {
    if code == sys::LS_OK {
        return Ok(());
    }
    let message: Vec<u8> = error.message.iter().take_while(|c| **c != 0).copied().collect();
    Err(Error(String::from_utf8_lossy(&message).into_owned()))
}
fn no_error() -> sys::ls_error {
    sys::ls_error { size: size_of::<sys::ls_error>() as u32, code: 0, message: [0; 248] }
}

impl<M: Machine> Chain<M> {
    /// A chain with an empty state; `workers` with the thread that executes.
    pub fn new(machine: M, executor: Executor, workers: usize) -> Result<Self, Error> {
        let desks = (0..workers.max(1)).map(|_| UnsafeCell::default()).collect();
        let host = Box::new(Host { machine, desks });
        let table = sys::ls_machine {
            size: size_of::<sys::ls_machine>() as u32,
            abi: sys::LS_ABI,
            user: &*host as *const Host<M> as *mut c_void,
            begin_block: None,
            declare: None,
            execute: Some(execute::<M>),
            end_block: None,
        };
        let options = sys::ls_options {
            size: size_of::<sys::ls_options>() as u32,
            executor: executor as u32,
            workers: workers.max(1).try_into().unwrap_or(u32::MAX),
            lent: 0,
            steps: 0,
            event_bytes: 0,
        };
        let (mut chain, mut error) = (null_mut(), no_error());
        // SAFETY: everything that is pointed to lives during the call, the host as long as the chain.
        let code = unsafe { sys::ls_open(&options, &table, &mut chain, &mut error) };
        result_of(code, &error).map(|()| Chain { chain, _host: host })
    }
    /// Sets a cell between blocks; none: absent.
    pub fn load(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Error> {
        // SAFETY: zero is a value of the struct.
        let mut change: sys::ls_change = unsafe { zeroed() };
        change.kind = if value.is_some() { sys::LS_PUT } else { sys::LS_ERASE };
        change.key = bytes_of(key);
        change.value = bytes_of(value.unwrap_or(&[]));
        let mut error = no_error();
        // SAFETY: everything that is pointed to lives during the call.
        let code = unsafe { sys::ls_load(self.chain, &change, 1, &mut error) };
        result_of(code, &error)
    }
    /// A cell between blocks.
    pub fn get(&mut self, key: &[u8]) -> Option<&[u8]> {
        let mut value = sys::ls_bytes { data: std::ptr::null(), size: 0 };
        // SAFETY: the value is good until the chain is used again, which takes a &mut self.
        unsafe {
            sys::ls_get(self.chain, bytes_of(key), &mut value);
            shown(value)
        }
    }
    /// Visits the cells in the order of their keys.
    pub fn for_each<F: FnMut(&[u8], &[u8])>(&mut self, mut each: F) {
        let none = sys::ls_bytes { data: std::ptr::null(), size: 0 };
        let user = &mut each as *mut F as *mut c_void;
        // SAFETY: the closure lives during the call.
        unsafe { sys::ls_for_each(self.chain, none, none, usize::MAX, visit::<F>, user, null_mut()) };
    }
    /// Executes the next block. One that fails leaves the state as it was.
    pub fn execute(&mut self, block: &Block) -> Result<Executed, Error> {
        let (executed, raw) = self.run(block, 0)?;
        // SAFETY: the result is ours, and read.
        unsafe { sys::ls_result_free(raw) };
        Ok(executed)
    }
    /// The same, and tells what the block changed: for a store of one's own, `revert` and `apply`.
    pub fn execute_diff(&mut self, block: &Block) -> Result<(Executed, Diff), Error> {
        self.run(block, sys::LS_DIFF).map(|(executed, raw)| (executed, Diff::new(raw)))
    }
    /// What `execute_diff` would tell; state and last block stay as they are.
    pub fn propose(&mut self, block: &Block) -> Result<(Executed, Diff), Error> {
        self.run(block, sys::LS_DIFF | sys::LS_DISCARD).map(|(executed, raw)| (executed, Diff::new(raw)))
    }
    /// Takes the last block back, in time of what it changed.
    pub fn revert(&mut self, diff: &Diff) -> Result<(), Error> {
        let mut error = no_error();
        // SAFETY: everything that is pointed to lives during the call.
        let code = unsafe { sys::ls_revert(self.chain, diff.raw(), &mut error) };
        result_of(code, &error)
    }
    /// Makes a block the last one on any chain that has the state before it.
    pub fn apply(&mut self, diff: &Diff) -> Result<(), Error> {
        let mut error = no_error();
        // SAFETY: everything that is pointed to lives during the call.
        let code = unsafe { sys::ls_apply(self.chain, diff.raw(), &mut error) };
        result_of(code, &error)
    }
    /// A block by `flags`; its result has to be freed.
    fn run(&mut self, block: &Block, flags: u32) -> Result<(Executed, *mut sys::ls_result), Error> {
        let uses: Vec<Vec<sys::ls_use>> =
            block.transactions.iter().map(|t| t.uses.iter().map(use_of).collect()).collect();
        let all: Vec<sys::ls_transaction> = block
            .transactions
            .iter()
            .zip(&uses)
            .map(|(transaction, uses)| sys::ls_transaction {
                data: bytes_of(&transaction.data),
                uses: uses.as_ptr(),
                use_count: uses.len(),
            })
            .collect();
        let known = sys::ls_block {
            size: size_of::<sys::ls_block>() as u32,
            flags: if block.complete { sys::LS_COMPLETE } else { 0 },
            height: block.height,
            time_ms: block.time_ms,
            weight_limit: block.weight_limit,
            transactions: all.as_ptr(),
            count: all.len(),
        };
        let (mut result, mut error) = (null_mut(), no_error());
        // SAFETY: everything that is pointed to lives during the call.
        let code = unsafe { sys::ls_execute(self.chain, &known, flags, &mut result, &mut error) };
        result_of(code, &error)?;
        // SAFETY: the result is ours until it is freed.
        Ok((unsafe { read_result(result, all.len()) }, result))
    }
}

impl<M: Machine> Drop for Chain<M> {
    fn drop(&mut self) {
        // SAFETY: nobody else has the chain.
        unsafe { sys::ls_close(self.chain) };
    }
}

fn use_of((key, kind): &(Vec<u8>, Kind)) -> sys::ls_use {
    sys::ls_use { key: bytes_of(key), kind: *kind as u32, reserved: 0 }
}

/// # Safety
/// `result` is one, with `count` receipts.
unsafe fn read_result(result: *const sys::ls_result, count: usize) -> Executed {
    let mut summary: sys::ls_summary = zeroed();
    summary.size = size_of::<sys::ls_summary>() as u32;
    sys::ls_result_summary(result, &mut summary);
    let mut receipts: Vec<sys::ls_receipt> = vec![zeroed(); count];
    sys::ls_result_receipts(result, 0, count, receipts.as_mut_ptr());
    let receipts = receipts.iter().map(|raw| Receipt {
        status: raw.status,
        skipped: raw.disposition == sys::LS_SKIPPED,
        faulted: raw.disposition == sys::LS_FAULTED,
        weight: raw.weight,
        effects: Digest(raw.effects.bytes),
        events: events_of(raw.events),
    });
    Executed { state: Digest(summary.state.bytes), block: Digest(summary.block.bytes), receipts: receipts.collect() }
}
/// # Safety
/// The events of a result that is not freed.
unsafe fn events_of(mut encoded: sys::ls_bytes) -> Vec<(u16, Vec<u8>)> {
    let mut events = Vec::new();
    let mut event: sys::ls_event = zeroed();
    while sys::ls_next_event(&mut encoded, &mut event) == sys::LS_OK {
        events.push((event.kind, shown(event.bytes).unwrap_or(&[]).to_vec()));
    }
    events
}
