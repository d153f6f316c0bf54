use lockstep_sys as sys;
use std::ops::{Range, RangeInclusive};

/// The execution is refused from here on: return at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// What a machine says of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The machine's own; 0: applied.
    pub status: u16,
    /// Instead, when an addition is refused: then no change is made.
    pub refused_status: u16,
    /// Counts toward the block's weight limit.
    pub weight: u64,
}

impl Outcome {
    /// An outcome of weight 1, which refused additions do not change.
    pub fn of(status: u16) -> Self {
        Outcome { status, refused_status: status, weight: 1 }
    }
}

struct Change {
    kind: u32,
    event: u16,
    key: Range<usize>,
    value: Range<usize>,
    amount: i128,
    bounds: (i128, i128),
}

/// What belongs to one worker and is used again by each of its calls.
#[derive(Default)]
pub(crate) struct Desk {
    changes: Vec<Change>,
    bytes: Vec<u8>,
    list: Vec<sys::ls_change>,
}

/// One execution of one transaction.
pub struct Call<'a> {
    desk: &'a mut Desk,
    view: *mut sys::ls_view,
    raw: &'a mut sys::ls_call,
    start: Option<u32>,
    refused: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(desk: &'a mut Desk, view: *mut sys::ls_view, raw: &'a mut sys::ls_call) -> Self {
        desk.changes.clear();
        desk.bytes.clear();
        Call { desk, view, raw, start: None, refused: false }
    }
    /// The transaction.
    pub fn data(&self) -> &'a [u8] {
        // SAFETY: the library's until execute returns.
        unsafe { shown(self.raw.transaction) }.unwrap_or(&[])
    }
    /// Its place in the block.
    pub fn index(&self) -> usize {
        self.raw.index as usize
    }
    /// No two executions of one number overlap.
    pub fn worker(&self) -> usize {
        self.raw.worker as usize
    }
    /// The value of the key that the transaction uses at `place`; none: absent, or not so many.
    pub fn value(&self, place: usize) -> Option<&[u8]> {
        if place >= self.raw.use_count {
            return None;
        }
        // SAFETY: use_count of them; good until the cell changes, which takes a &mut self.
        unsafe { shown(*self.raw.values.add(place)) }
    }
    /// How many keys the transaction said that it uses.
    pub fn uses(&self) -> usize {
        self.raw.use_count
    }
    /// Sets a cell.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.change(sys::LS_PUT, 0, key, value, 0, (0, 0));
    }
    /// Makes a cell absent.
    pub fn erase(&mut self, key: &[u8]) {
        self.change(sys::LS_ERASE, 0, key, &[], 0, (0, 0));
    }
    /// Adds to a number (16 bytes, little-endian), if the sum stays within the bounds.
    /// Transactions that only add to a cell do not conflict.
    pub fn add(&mut self, key: &[u8], amount: i128, bounds: RangeInclusive<i128>) {
        self.change(sys::LS_ADD_WITHIN, 0, key, &[], amount, bounds.into_inner());
    }
    /// Appends an event to the receipt.
    pub fn emit(&mut self, event: u16, bytes: &[u8]) {
        self.change(sys::LS_EVENT, event, &[], bytes, 0, (0, 0));
    }
    /// Reads a cell that the transaction has not said it uses; sees the changes so far.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Stopped> {
        if !self.desk.changes.is_empty() {
            self.flush()?;
        }
        let mut value = sys::ls_bytes { data: std::ptr::null(), size: 0 };
        // SAFETY: the view is ours until execute returns.
        match unsafe { sys::ls_read(self.view, bytes_of(key), &mut value) } {
            // SAFETY: good until the cell changes, which takes a &mut self.
            sys::LS_OK | sys::LS_ABSENT => Ok(unsafe { shown(value) }),
            _ => Err(Stopped),
        }
    }

    fn change(&mut self, kind: u32, event: u16, key: &[u8], value: &[u8], amount: i128, bounds: (i128, i128)) {
        let start = self.desk.bytes.len();
        self.desk.bytes.extend_from_slice(key);
        let middle = self.desk.bytes.len();
        self.desk.bytes.extend_from_slice(value);
        let end = self.desk.bytes.len();
        self.desk.changes.push(Change { kind, event, key: start..middle, value: middle..end, amount, bounds });
    }
    /// The changes so far as the library takes them.
    fn list(&mut self) -> (*const sys::ls_change, usize) {
        let Desk { changes, bytes, list } = &mut *self.desk;
        list.clear();
        list.extend(changes.iter().map(|change| sys::ls_change {
            kind: change.kind,
            event: change.event.into(),
            key: bytes_of(&bytes[change.key.clone()]),
            value: bytes_of(&bytes[change.value.clone()]),
            amount: wide(change.amount),
            lower: wide(change.bounds.0),
            upper: wide(change.bounds.1),
        }));
        (list.as_ptr(), list.len())
    }
    /// Makes the changes so far, after a savepoint to return to when one is refused.
    fn flush(&mut self) -> Result<(), Stopped> {
        if self.start.is_none() {
            let mut start = 0;
            // SAFETY: as in get.
            if unsafe { sys::ls_savepoint(self.view, &mut start) } != sys::LS_OK {
                return Err(Stopped);
            }
            self.start = Some(start);
        }
        let (changes, count) = self.list();
        // SAFETY: as in get; the list lives in the desk.
        let code = unsafe { sys::ls_write_many(self.view, changes, count) };
        self.desk.changes.clear();
        self.desk.bytes.clear();
        self.refused = self.refused || code == sys::LS_REFUSED;
        if code == sys::LS_OK {
            Ok(())
        } else {
            Err(Stopped)
        }
    }
    /// Hands the rest of the changes over.
    pub(crate) fn answer(mut self, outcome: Outcome) {
        let mut status = outcome.status;
        if self.start.is_some() && !self.refused && !self.desk.changes.is_empty() {
            let _ = self.flush();
        }
        match self.start {
            Some(start) if self.refused => {
                // SAFETY: as in get.
                unsafe { sys::ls_rollback(self.view, start) };
                status = outcome.refused_status;
            }
            Some(_) => {}
            None => {
                let (changes, count) = self.list();
                self.raw.changes = changes;
                self.raw.change_count = count;
            }
        }
        self.raw.status = status;
        self.raw.refused_status = outcome.refused_status;
        self.raw.weight = outcome.weight;
    }
}

pub(crate) fn bytes_of(bytes: &[u8]) -> sys::ls_bytes {
    sys::ls_bytes { data: bytes.as_ptr(), size: bytes.len() }
}
/// # Safety
/// The bytes live as long as `'a`.
pub(crate) unsafe fn shown<'a>(bytes: sys::ls_bytes) -> Option<&'a [u8]> {
    if bytes.data.is_null() {
        None
    } else {
        Some(std::slice::from_raw_parts(bytes.data, bytes.size))
    }
}
fn wide(number: i128) -> sys::ls_int128 {
    sys::ls_int128 { low: number as u64, high: (number >> 64) as i64 }
}
