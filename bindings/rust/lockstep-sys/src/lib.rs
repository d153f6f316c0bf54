//! The part of `lockstep.h` that the crate `lockstep` stands on; the header says what it means.
#![no_std]
#![allow(non_camel_case_types, missing_docs)]

use core::ffi::c_void;

/// A byte of a message.
pub type c_char = u8;

pub type ls_code = i32;
pub const LS_OK: ls_code = 0;
pub const LS_ABSENT: ls_code = 1;
pub const LS_STOP: ls_code = 2;
pub const LS_REFUSED: ls_code = 3;
pub const LS_FAULT: ls_code = 6;

pub const LS_ABI: u32 = 1;
pub const LS_COMPLETE: u32 = 1;
pub const LS_DISCARD: u32 = 1;
pub const LS_DIFF: u32 = 2;
pub const LS_PUT: u32 = 1;
pub const LS_ERASE: u32 = 2;
pub const LS_ADD_WITHIN: u32 = 4;
pub const LS_EVENT: u32 = 5;
pub const LS_SKIPPED: u8 = 1;
pub const LS_FAULTED: u8 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ls_bytes {
    pub data: *const u8,
    pub size: usize,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ls_int128 {
    pub low: u64,
    pub high: i64,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ls_digest {
    pub bytes: [u8; 16],
}
#[repr(C)]
pub struct ls_error {
    pub size: u32,
    pub code: ls_code,
    pub message: [c_char; 248],
}
#[repr(C)]
pub struct ls_use {
    pub key: ls_bytes,
    pub kind: u32,
    pub reserved: u32,
}
#[repr(C)]
pub struct ls_transaction {
    pub data: ls_bytes,
    pub uses: *const ls_use,
    pub use_count: usize,
}
#[repr(C)]
pub struct ls_block {
    pub size: u32,
    pub flags: u32,
    pub height: u64,
    pub time_ms: i64,
    pub weight_limit: u64,
    pub transactions: *const ls_transaction,
    pub count: usize,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ls_change {
    pub kind: u32,
    pub event: u32,
    pub key: ls_bytes,
    pub value: ls_bytes,
    pub amount: ls_int128,
    pub lower: ls_int128,
    pub upper: ls_int128,
}
#[repr(C)]
pub struct ls_call {
    pub worker: u32,
    pub index: u32,
    pub transaction: ls_bytes,
    pub uses: *const ls_use,
    pub values: *const ls_bytes,
    pub use_count: usize,
    pub weight: u64,
    pub status: u16,
    pub refused_status: u16,
    pub reserved: u32,
    pub changes: *const ls_change,
    pub change_count: usize,
}
#[repr(C)]
pub struct ls_machine {
    pub size: u32,
    pub abi: u32,
    pub user: *mut c_void,
    pub begin_block: Option<extern "C" fn(*mut c_void, *mut ls_view, *const ls_block) -> ls_code>,
    pub declare: Option<extern "C" fn(*mut c_void, ls_bytes, *mut ls_uses)>,
    pub execute: Option<extern "C" fn(*mut c_void, *mut ls_view, *mut ls_call) -> ls_code>,
    pub end_block: Option<extern "C" fn(*mut c_void, *mut ls_view, *const ls_block) -> ls_code>,
}
#[repr(C)]
pub struct ls_options {
    pub size: u32,
    pub executor: u32,
    pub workers: u32,
    pub lent: u32,
    pub steps: u64,
    pub event_bytes: u64,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ls_receipt {
    pub status: u16,
    pub disposition: u8,
    pub reserved: [u8; 5],
    pub weight: u64,
    pub effects: ls_digest,
    pub events: ls_bytes,
}
#[repr(C)]
pub struct ls_summary {
    pub size: u32,
    pub reserved: u32,
    pub height: u64,
    pub receipts: u64,
    pub state: ls_digest,
    pub block: ls_digest,
    pub events: ls_bytes,
}
#[repr(C)]
pub struct ls_event {
    pub kind: u16,
    pub bytes: ls_bytes,
}
#[repr(C)]
pub struct ls_chain {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct ls_view {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct ls_uses {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct ls_result {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ls_diff_entry {
    pub key: ls_bytes,
    pub before: ls_bytes,
    pub after: ls_bytes,
}

pub type ls_visit = extern "C" fn(*mut c_void, ls_bytes, ls_bytes) -> ls_code;

extern "C" {
    pub fn ls_read(view: *mut ls_view, key: ls_bytes, value: *mut ls_bytes) -> ls_code;
    pub fn ls_write_many(view: *mut ls_view, changes: *const ls_change, count: usize) -> ls_code;
    pub fn ls_savepoint(view: *mut ls_view, savepoint: *mut u32) -> ls_code;
    pub fn ls_rollback(view: *mut ls_view, savepoint: u32) -> ls_code;
    pub fn ls_open(
        options: *const ls_options,
        machine: *const ls_machine,
        chain: *mut *mut ls_chain,
        error: *mut ls_error,
    ) -> ls_code;
    pub fn ls_close(chain: *mut ls_chain) -> ls_code;
    pub fn ls_execute(
        chain: *mut ls_chain,
        block: *const ls_block,
        flags: u32,
        result: *mut *mut ls_result,
        error: *mut ls_error,
    ) -> ls_code;
    pub fn ls_load(chain: *mut ls_chain, changes: *const ls_change, count: usize, error: *mut ls_error) -> ls_code;
    pub fn ls_get(chain: *mut ls_chain, key: ls_bytes, value: *mut ls_bytes) -> ls_code;
    pub fn ls_for_each(
        chain: *mut ls_chain,
        from: ls_bytes,
        to: ls_bytes,
        limit: usize,
        visit: ls_visit,
        user: *mut c_void,
        visited: *mut usize,
    ) -> ls_code;
    pub fn ls_revert(chain: *mut ls_chain, result: *const ls_result, error: *mut ls_error) -> ls_code;
    pub fn ls_apply(chain: *mut ls_chain, result: *const ls_result, error: *mut ls_error) -> ls_code;
    pub fn ls_diff_size(result: *const ls_result, count: *mut usize) -> ls_code;
    pub fn ls_diff_entries(
        result: *const ls_result,
        first: usize,
        count: usize,
        entries: *mut ls_diff_entry,
    ) -> ls_code;
    pub fn ls_result_summary(result: *const ls_result, summary: *mut ls_summary) -> ls_code;
    pub fn ls_result_receipts(
        result: *const ls_result,
        first: usize,
        count: usize,
        receipts: *mut ls_receipt,
    ) -> ls_code;
    pub fn ls_next_event(events: *mut ls_bytes, event: *mut ls_event) -> ls_code;
    pub fn ls_result_free(result: *mut ls_result);
}
