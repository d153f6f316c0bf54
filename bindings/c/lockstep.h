/* Lockstep from C, and through it from every language: execute blocks of opaque transactions over
 * opaque byte keys and values, in parallel, with the results of one transaction after the other.
 *
 * A chain has a state and a machine, which is a table of callbacks. A block is the unit of call.
 *
 * Memory   What goes in is borrowed for the call; what comes out is good as long as its function
 *          says. Handles are made and freed by the library, everything else belongs to the caller.
 * Structs  Those that begin with `size` may grow: set it to sizeof. A library takes shorter ones of
 *          older programs, and longer ones of newer programs if what it does not know is zero.
 *          Set what is not used to zero.
 * Errors   A function answers a code; ls_error, where one is taken and not NULL, says more.
 *          No exception leaves the library.
 * Threads  A chain is used by one thread at a time (LS_MISUSE else), but for ls_serve, ls_dismiss
 *          and ls_cancel. Callbacks of transactions come from several threads at once; a view is
 *          used by the thread that was called with it, until the callback returns.
 */
#ifndef LOCKSTEP_H
#define LOCKSTEP_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LS_API __attribute__((visibility("default")))
#else
#define LS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define LS_ABI 1u
#define LS_KEY_MAX 4096u
#define LS_VALUE_MAX 16777216u

typedef int32_t ls_code;
enum {
    LS_OK = 0,
    LS_ABSENT = 1,  /* there is no such cell */
    LS_STOP = 2,    /* refused, as all else will be: return from the callback at once */
    LS_REFUSED = 3, /* an addition would leave its bounds; nothing has changed */
    LS_MISUSE = 4,  /* wrong argument, time or thread; nothing has changed */
    LS_FAILED = 5,  /* memory, threads, the host's environment; cancelled */
    LS_FAULT = 6    /* of execute: the transaction is faulted, without effects */
};

typedef struct ls_error {
    uint32_t size;
    ls_code code;
    char message[248]; /* ends with 0 */
} ls_error;

typedef struct ls_bytes {
    const uint8_t* data; /* as an answer NULL: absent */
    size_t size;
} ls_bytes;

typedef struct ls_int128 {
    uint64_t low;
    int64_t high;
} ls_int128;

/* 128 bits, high half first. Finds accidents, is no commitment. */
typedef struct ls_digest {
    uint8_t bytes[16];
} ls_digest;

typedef struct ls_chain ls_chain;
typedef struct ls_view ls_view;
typedef struct ls_uses ls_uses;
typedef struct ls_result ls_result;
typedef struct ls_restore ls_restore;

/* ---- blocks -----------------------------------------------------------------------------------
 */

/* How a transaction is going to use a key. */
enum {
    LS_USE_READ = 1,
    LS_USE_WRITE = 2,     /* read, perhaps, and written or erased */
    LS_USE_OVERWRITE = 3, /* the same, and its value is not handed to execute */
    LS_USE_ADD = 4        /* added to, compared with */
};
typedef struct ls_use {
    ls_bytes key;
    uint32_t kind;
    uint32_t reserved;
} ls_use;

/* Uses are a hint: wrong or missing ones change speed only. */
typedef struct ls_transaction {
    ls_bytes data;
    const ls_use* uses; /* NULL: the machine's `declare` says */
    size_t use_count;
} ls_transaction;

enum {
    LS_COMPLETE = 1 /* transactions touch nothing but what they say: nothing is speculated on */
};
typedef struct ls_block {
    uint32_t size;
    uint32_t flags; /* LS_COMPLETE */
    uint64_t height;
    int64_t time_ms;
    uint64_t weight_limit; /* the first transaction beyond it and all behind are skipped; 0: none */
    const ls_transaction* transactions;
    size_t count;
} ls_block;

/* ---- the machine ------------------------------------------------------------------------------
 */

enum { LS_PUT = 1, LS_ERASE = 2, LS_ADD = 3, LS_ADD_WITHIN = 4, LS_EVENT = 5 };
typedef struct ls_change {
    uint32_t kind;
    uint32_t event; /* LS_EVENT: its type, below 65536 */
    ls_bytes key;
    ls_bytes value;         /* LS_PUT; LS_EVENT: the bytes of the event */
    ls_int128 amount;       /* LS_ADD, LS_ADD_WITHIN: see ls_add */
    ls_int128 lower, upper; /* LS_ADD_WITHIN: bounds of the sum */
} ls_change;

/* One execution of a transaction. */
typedef struct ls_call {
    uint32_t worker; /* below ls_options.workers; no two executions of one number at a time */
    uint32_t index;  /* of the transaction in its block */
    ls_bytes transaction;
    const ls_use* uses;
    const ls_bytes* values; /* of the uses: NULL where absent, or not handed */
    size_t use_count;
    /* Answers: */
    uint64_t weight;         /* 1 unless it is set */
    uint16_t status;         /* the machine's own; 0: applied */
    uint16_t refused_status; /* instead, when one of the changes is refused: then none is made */
    uint32_t reserved;
    const ls_change* changes; /* made when the callback has returned; as by ls_write_many */
    size_t change_count;
} ls_call;

/* What a machine does follows from transaction, block and what the view answers, alone. The state
 * that a transaction sees may never have been: it bounds its loops, checks its arithmetic, and
 * keeps nothing. The same transaction may be executed several times. */
typedef struct ls_machine {
    uint32_t size;
    uint32_t abi; /* LS_ABI */
    void* user;   /* first argument of all callbacks */
    /* Any but LS_OK fails the block. May be NULL. */
    ls_code (*begin_block)(void* user, ls_view* view, const ls_block* block);
    /* Names the uses of a transaction through ls_declare. Any thread. May be NULL. */
    void (*declare)(void* user, ls_bytes transaction, ls_uses* uses);
    /* LS_OK; LS_FAILED, which fails the block: the host's fault; anything else: LS_FAULT. */
    ls_code (*execute)(void* user, ls_view* view, ls_call* call);
    ls_code (*end_block)(void* user, ls_view* view, const ls_block* block);
} ls_machine;

LS_API ls_code ls_declare(ls_uses* uses, ls_bytes key, uint32_t kind);

/* ---- the state as a transaction, or a phase of a block, sees it --------------------------------
 */

/* The bytes stay until the transaction next changes the cell or rolls back. */
LS_API ls_code ls_read(ls_view* view, ls_bytes key, ls_bytes* value);
LS_API ls_code ls_read_many(ls_view* view, const ls_bytes* keys, size_t count, ls_bytes* values);
/* Only the truth counts, so that other changes do not conflict: LS_OK or LS_ABSENT. */
LS_API ls_code ls_exists(ls_view* view, ls_bytes key);
/* LS_OK, or LS_ABSENT when the number is less; see ls_add. */
LS_API ls_code ls_at_least(ls_view* view, ls_bytes key, ls_int128 amount);
LS_API ls_code ls_put(ls_view* view, ls_bytes key, ls_bytes value);
LS_API ls_code ls_erase(ls_view* view, ls_bytes key);
/* Adds to a number: a value of 16 bytes, little-endian, signed; an absent one counts as 0. What is
 * added to any other value is kept beside it, and not shown.
 * Transactions that only add to a cell do not conflict. Bounds NULL: none. */
LS_API ls_code ls_add(ls_view* view, ls_bytes key, ls_int128 amount, const ls_int128* lower,
                      const ls_int128* upper);
LS_API ls_code ls_emit(ls_view* view, uint16_t type, ls_bytes bytes);
/* All changes in their order, or none. */
LS_API ls_code ls_write_many(ls_view* view, const ls_change* changes, size_t count);
/* Visits present cells with from <= key < to in order, until `limit` were or `visit` answers
 * another than LS_OK. `to` NULL: no end. `visited` may be NULL. */
typedef ls_code (*ls_visit)(void* user, ls_bytes key, ls_bytes value);
LS_API ls_code ls_scan(ls_view* view, ls_bytes from, ls_bytes to, size_t limit, ls_visit visit,
                       void* user, size_t* visited);
/* A rollback undoes changes and events since; it may be done again, later savepoints are gone. */
LS_API ls_code ls_savepoint(ls_view* view, uint32_t* savepoint);
LS_API ls_code ls_rollback(ls_view* view, uint32_t savepoint);
/* Charges steps; accesses cost one, and one for each 64 bytes of key and value. */
LS_API ls_code ls_consume(ls_view* view, uint64_t steps);

/* ---- chains ------------------------------------------------------------------------------------
 */

enum {
    LS_ADAPTIVE = 0, /* parallel or serial, whichever proves faster */
    LS_PARALLEL = 1,
    LS_SERIAL = 2 /* one thread, plain: what the others are compared with */
};
typedef struct ls_options {
    uint32_t size;
    uint32_t executor;
    uint32_t workers;     /* with the thread that calls ls_execute; 0: 1 */
    uint32_t lent;        /* of them: threads that the host lends by ls_serve */
    uint64_t steps;       /* of one transaction, at most; 0: 1,000,000 */
    uint64_t event_bytes; /* the same; 0: 1,000,000 */
} ls_options;

LS_API const char* ls_version(void);
LS_API uint32_t ls_abi(void);

/* `options` NULL: one worker. */
LS_API ls_code ls_open(const ls_options* options, const ls_machine* machine, ls_chain** chain,
                       ls_error* error);
/* Waits for lent threads. LS_MISUSE during a block. NULL is closed already. */
LS_API ls_code ls_close(ls_chain* chain);
/* Lends the calling thread until ls_dismiss or ls_close; once dismissed, threads that come later
 * are let go at once. LS_MISUSE when no place is free. */
LS_API ls_code ls_serve(ls_chain* chain);
LS_API ls_code ls_dismiss(ls_chain* chain);

enum {
    LS_DISCARD = 1, /* the result is what it would be; state and last block stay: a proposal */
    LS_DIFF = 2     /* the result has what the block changed: see ls_diff_entries */
};
/* Executes the next block. `result` may be NULL, without LS_DIFF. A block that fails leaves the
 * state as it was. */
LS_API ls_code ls_execute(ls_chain* chain, const ls_block* block, uint32_t flags,
                          ls_result** result, ls_error* error);
/* Cancels the block that executes, from any thread. */
LS_API ls_code ls_cancel(ls_chain* chain);

/* Between blocks: LS_PUT and LS_ERASE, all or none. */
LS_API ls_code ls_load(ls_chain* chain, const ls_change* changes, size_t count, ls_error* error);
/* The bytes stay until the next block or load. */
LS_API ls_code ls_get(ls_chain* chain, ls_bytes key, ls_bytes* value);
/* As ls_scan. */
LS_API ls_code ls_for_each(ls_chain* chain, ls_bytes from, ls_bytes to, size_t limit,
                           ls_visit visit, void* user, size_t* visited);

typedef struct ls_status {
    uint32_t size;
    uint32_t reserved;
    uint64_t cells;
    ls_digest state; /* sum of the digests of all cells: independent of order and history */
    ls_digest block; /* of the last block, which the next one continues */
    uint64_t blocks; /* executed by this chain, and how: */
    uint64_t transactions;
    uint64_t executions;
    uint64_t planned;   /* blocks without speculation */
    uint64_t fallbacks; /* blocks that ran serially */
} ls_status;
LS_API ls_code ls_chain_status(ls_chain* chain, ls_status* status);
/* For a chain that goes on from a saved state. */
LS_API ls_code ls_continue_from(ls_chain* chain, const ls_digest* block);

/* ---- results -----------------------------------------------------------------------------------
 */

enum { LS_EXECUTED = 0, LS_SKIPPED = 1, LS_FAULTED = 2 };
typedef struct ls_receipt {
    uint16_t status; /* LS_FAULTED: 1 execute failed, 2 steps, 3 event bytes */
    uint8_t disposition;
    uint8_t reserved[5];
    uint64_t weight;
    ls_digest effects;
    ls_bytes events; /* good as long as the result: see ls_next_event */
} ls_receipt;
typedef struct ls_summary {
    uint32_t size;
    uint32_t reserved;
    uint64_t height;
    uint64_t receipts;
    ls_digest state;
    ls_digest block;
    ls_bytes events; /* of begin phase, transactions, end phase */
} ls_summary;
typedef struct ls_event {
    uint16_t type;
    ls_bytes bytes;
} ls_event;

LS_API ls_code ls_result_summary(const ls_result* result, ls_summary* summary);
LS_API ls_code ls_result_receipts(const ls_result* result, size_t first, size_t count,
                                  ls_receipt* receipts);
/* Takes the first event off `events`; LS_ABSENT when there is none. */
LS_API ls_code ls_next_event(ls_bytes* events, ls_event* event);
LS_API void ls_result_free(ls_result* result);

/* ---- what a block changed ----------------------------------------------------------------------
 */

/* A cell whose value differs, once, phases included. */
typedef struct ls_diff_entry {
    ls_bytes key;
    ls_bytes before; /* NULL: absent */
    ls_bytes after;  /* the same */
} ls_diff_entry;
/* Of a result with LS_DIFF; LS_MISUSE when it has none, or the chain took it (ls_fork_add). */
LS_API ls_code ls_diff_size(const ls_result* result, size_t* count);
/* In the order of keys; the bytes stay as long as the diff. */
LS_API ls_code ls_diff_entries(const ls_result* result, size_t first, size_t count,
                               ls_diff_entry* entries);
/* Between blocks, in time of what changed: take a block back, or make it the last one, on any chain
 * that has the state after it, or before it. LS_MISUSE else. */
LS_API ls_code ls_revert(ls_chain* chain, const ls_result* result, ls_error* error);
LS_API ls_code ls_apply(ls_chain* chain, const ls_result* result, ls_error* error);

/* Blocks that are not decided: a tree over a decided one, its root. The chain stands on one of
 * them, its last block. */

/* Takes the diff of the block that was executed last; the first one stands on the root. */
LS_API ls_code ls_fork_add(ls_chain* chain, ls_result* result, ls_error* error);
/* Makes a known block the last one, in time of what the blocks between changed. LS_ABSENT: unknown.
 */
LS_API ls_code ls_fork_to(ls_chain* chain, const ls_digest* block);
/* Makes a known block the root, and forgets all that do not stand on it. The chain goes there first
 * if its last block is one of them. LS_ABSENT: unknown. */
LS_API ls_code ls_fork_decide(ls_chain* chain, const ls_digest* block);

/* ---- snapshots ---------------------------------------------------------------------------------
 */

#define LS_MANIFEST SIZE_MAX

/* Takes a chunk, then others in order; the last call has LS_MANIFEST as index. Another answer than
 * LS_OK ends it. */
typedef ls_code (*ls_take_chunk)(void* user, size_t index, ls_bytes bytes);
/* Between blocks: the whole state in chunks of at most `chunk_bytes` (0: 1 MiB) that can be
 * verified one at a time, and a manifest. All bytes follow from state, last block and arguments.
 * `machine` tells whose cells they are, at most 256 bytes. */
LS_API ls_code ls_snapshot(ls_chain* chain, ls_bytes machine, uint64_t height, uint32_t chunk_bytes,
                           ls_take_chunk take, void* user, ls_error* error);

typedef struct ls_manifest_info {
    uint32_t size;
    uint32_t reserved;
    uint64_t height;
    uint64_t cells;
    uint64_t chunks;
    ls_digest state;
    ls_digest block;
} ls_manifest_info;
LS_API ls_code ls_manifest_read(ls_bytes manifest, ls_manifest_info* info, ls_error* error);
/* Without any chain: for those who pass chunks on. */
LS_API ls_code ls_chunk_verify(ls_bytes manifest, size_t index, ls_bytes bytes, ls_error* error);

/* Fills an empty chain; chunks come in any order. LS_FAILED and a reason for what is damaged,
 * missing, given twice or of another machine; a chunk may then be given again. Until
 * ls_restore_free nothing else is done with the chain. */
LS_API ls_code ls_restore_open(ls_chain* chain, ls_bytes machine, ls_bytes manifest,
                               ls_restore** restore, ls_error* error);
LS_API ls_code ls_restore_chunk(ls_restore* restore, size_t index, ls_bytes bytes, ls_error* error);
/* Compares the whole with the manifest; the chain then goes on behind its block. */
LS_API ls_code ls_restore_finish(ls_restore* restore, ls_error* error);
LS_API void ls_restore_free(ls_restore* restore);

#ifdef __cplusplus
}
#endif

#endif
