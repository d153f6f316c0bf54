use crate::call::shown;
use lockstep_sys as sys;

/// A cell whose value a block changed; none: absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// Of the cell.
    pub key: &'a [u8],
    /// Before the block.
    pub before: Option<&'a [u8]>,
    /// After it.
    pub after: Option<&'a [u8]>,
}

/// What a block changed; it may outlive its chain.
pub struct Diff {
    result: *mut sys::ls_result,
    entries: Vec<sys::ls_diff_entry>,
}

// SAFETY: nothing changes a result that has been made.
unsafe impl Send for Diff {}
unsafe impl Sync for Diff {}

impl Diff {
    /// Takes a result that has a diff.
    pub(crate) fn new(result: *mut sys::ls_result) -> Self {
        let none = sys::ls_bytes { data: std::ptr::null(), size: 0 };
        let mut count = 0;
        // SAFETY: the result is ours; so many entries are there.
        let entries = unsafe {
            sys::ls_diff_size(result, &mut count);
            let mut entries = vec![sys::ls_diff_entry { key: none, before: none, after: none }; count];
            sys::ls_diff_entries(result, 0, count, entries.as_mut_ptr());
            entries
        };
        Diff { result, entries }
    }
    pub(crate) fn raw(&self) -> *const sys::ls_result {
        self.result
    }
    /// All changes, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        // SAFETY: the bytes are good as long as the result, which lives as long as self.
        self.entries.iter().map(|entry| unsafe {
            Change { key: shown(entry.key).unwrap_or(&[]), before: shown(entry.before), after: shown(entry.after) }
        })
    }
}

impl Drop for Diff {
    fn drop(&mut self) {
        // SAFETY: nobody else has the result.
        unsafe { sys::ls_result_free(self.result) };
    }
}
