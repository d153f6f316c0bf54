// Package lockstep executes blocks of opaque transactions over opaque byte keys and values, in
// parallel, with the results of one transaction after the other.
package lockstep

// #cgo LDFLAGS: -llockstep_c
// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"encoding/hex"
	"errors"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Machine is the embedder's: it applies transactions.
//
// What Execute does follows from call.Data and the values that it is shown or reads, alone: it runs
// any number of times, in several threads. A panic faults the transaction. Results that break the
// contract of lockstep.h fault it too.
type Machine interface {
	Execute(call *Call)
}

// Kind says how a transaction uses a key.
type Kind uint32

const (
	Read      Kind = C.LS_USE_READ
	Write     Kind = C.LS_USE_WRITE
	Overwrite Kind = C.LS_USE_OVERWRITE // the value is not shown
	Add       Kind = C.LS_USE_ADD
)

// Use is a key that a transaction is going to use: a hint, that changes speed only.
type Use struct {
	Key  []byte
	Kind Kind
}

// Transaction is bytes for the machine, and what they use as far as it is known.
type Transaction struct {
	Data []byte
	Uses []Use
}

// Block is what consensus has decided.
type Block struct {
	Height       uint64
	TimeMs       int64
	WeightLimit  uint64 // 0: none
	Complete     bool   // transactions touch nothing but what they use
	Transactions []Transaction
}

// Executor says how blocks run; results are the same.
type Executor uint32

const (
	Adaptive Executor = C.LS_ADAPTIVE
	Parallel Executor = C.LS_PARALLEL
	Serial   Executor = C.LS_SERIAL
)

// Options of a chain.
type Options struct {
	Executor Executor
	Workers  int
}

// Digest finds accidents; it is no commitment.
type Digest [16]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Receipt is what became of a transaction.
type Receipt struct {
	Status  uint16
	Skipped bool // behind the weight limit
	Faulted bool
	Weight  uint64
	Effects Digest
	Events  []Event
}

// Event is what a transaction emitted.
type Event struct {
	Type  uint16
	Bytes []byte
}

// Result is what a block put out.
type Result struct {
	State, Block Digest
	Receipts     []Receipt
	Diff         []Change // in the order of keys; of Propose and ExecuteDiff

	result *C.ls_result // what the library knows of the diff
}

// Change is a cell whose value a block changed; nil: absent.
type Change struct {
	Key, Before, After []byte
}

// Chain is a state and a machine. One goroutine at a time uses it.
type Chain struct {
	chain   *C.ls_chain
	machine Machine
	handle  cgo.Handle
	calls   []Call // of the workers
	memory  memory // of the block that goes in
}

// Open makes a chain with an empty state; Close frees it.
func Open(machine Machine, options Options) (*Chain, error) {
	if options.Workers < 1 {
		options.Workers = 1
	}
	chain := &Chain{machine: machine, calls: make([]Call, options.Workers)}
	chain.handle = cgo.NewHandle(chain)
	known := C.ls_options{size: C.sizeof_ls_options, executor: C.uint32_t(options.Executor),
		workers: C.uint32_t(options.Workers)}
	failure := C.ls_error{size: C.sizeof_ls_error}
	if C.lockstep_go_open(&known, C.uintptr_t(chain.handle), &chain.chain, &failure) != C.LS_OK {
		chain.handle.Delete()
		return nil, errors.New("lockstep: " + C.GoString(&failure.message[0]))
	}
	return chain, nil
}

// Close frees the chain.
func (c *Chain) Close() {
	if C.ls_close(c.chain) == C.LS_OK {
		c.handle.Delete()
		c.memory.free()
		for i := range c.calls {
			c.calls[i].memory.free()
		}
	}
}

// Load sets cells between blocks; a nil value erases.
func (c *Chain) Load(cells map[string][]byte) error {
	c.memory.reset()
	var failure = C.ls_error{size: C.sizeof_ls_error}
	for key, value := range cells {
		change := (*C.ls_change)(c.memory.take(C.sizeof_ls_change))
		*change = C.ls_change{kind: C.LS_PUT, key: c.memory.copy([]byte(key)), value: c.memory.copy(value)}
		if value == nil {
			change.kind = C.LS_ERASE
		}
		if C.ls_load(c.chain, change, 1, &failure) != C.LS_OK {
			return errors.New("lockstep: " + C.GoString(&failure.message[0]))
		}
	}
	return nil
}

// Get reads a cell between blocks; nil: absent.
func (c *Chain) Get(key []byte) []byte {
	c.memory.reset()
	var value C.ls_bytes
	C.ls_get(c.chain, c.memory.copy(key), &value)
	return keep(value)
}

// ForEach visits the cells in the order of their keys. The bytes are good during the visit.
func (c *Chain) ForEach(visit func(key, value []byte)) {
	handle := cgo.NewHandle(visit)
	defer handle.Delete()
	C.lockstep_go_for_each(c.chain, C.ls_bytes{}, C.ls_bytes{}, C.uintptr_t(handle))
}

// Execute runs the next block. One that fails leaves the state as it was.
func (c *Chain) Execute(block *Block) (*Result, error) { return c.execute(block, 0) }

// ExecuteDiff does the same, and tells what the block changed: for a store of one's own, for Revert
// and Apply.
func (c *Chain) ExecuteDiff(block *Block) (*Result, error) { return c.execute(block, C.LS_DIFF) }

// Propose tells what ExecuteDiff would, and leaves the state and the last block as they are.
func (c *Chain) Propose(block *Block) (*Result, error) {
	return c.execute(block, C.LS_DIFF|C.LS_DISCARD)
}

// Revert takes the last block back, in time of what it changed.
func (c *Chain) Revert(result *Result) error {
	failure := C.ls_error{size: C.sizeof_ls_error}
	code := C.ls_revert(c.chain, result.result, &failure)
	runtime.KeepAlive(result)
	return errorOf(code, &failure)
}

// Apply makes a block the last one on any chain that has the state before it.
func (c *Chain) Apply(result *Result) error {
	failure := C.ls_error{size: C.sizeof_ls_error}
	code := C.ls_apply(c.chain, result.result, &failure)
	runtime.KeepAlive(result)
	return errorOf(code, &failure)
}

func errorOf(code C.ls_code, failure *C.ls_error) error {
	if code == C.LS_OK {
		return nil
	}
	return errors.New("lockstep: " + C.GoString(&failure.message[0]))
}

func (c *Chain) execute(block *Block, flags C.uint32_t) (*Result, error) {
	known := c.blockOf(block)
	var result *C.ls_result
	failure := C.ls_error{size: C.sizeof_ls_error}
	if err := errorOf(C.ls_execute(c.chain, known, flags, &result, &failure), &failure); err != nil {
		return nil, err
	}
	out := c.resultOf(result, len(block.Transactions))
	if flags&C.LS_DIFF == 0 {
		C.ls_result_free(result)
		return out, nil
	}
	out.result = result
	runtime.SetFinalizer(out, func(out *Result) { C.ls_result_free(out.result) })
	var count C.size_t
	C.ls_diff_size(result, &count)
	if count == 0 {
		return out, nil
	}
	c.memory.reset()
	first := (*C.ls_diff_entry)(c.memory.take(int(count) * C.sizeof_ls_diff_entry))
	C.ls_diff_entries(result, 0, count, first)
	for _, entry := range unsafe.Slice(first, int(count)) {
		out.Diff = append(out.Diff, Change{keep(entry.key), keep(entry.before), keep(entry.after)})
	}
	return out, nil
}

func (c *Chain) blockOf(block *Block) *C.ls_block {
	c.memory.reset()
	known := (*C.ls_block)(c.memory.take(C.sizeof_ls_block))
	count := len(block.Transactions)
	first := (*C.ls_transaction)(c.memory.take(count * C.sizeof_ls_transaction))
	*known = C.ls_block{size: C.sizeof_ls_block, height: C.uint64_t(block.Height),
		time_ms: C.int64_t(block.TimeMs), weight_limit: C.uint64_t(block.WeightLimit),
		transactions: first, count: C.size_t(count)}
	if block.Complete {
		known.flags = C.LS_COMPLETE
	}
	transactions := unsafe.Slice(first, count)
	for i := range block.Transactions {
		transaction := &block.Transactions[i]
		uses := len(transaction.Uses)
		list := (*C.ls_use)(c.memory.take(uses * C.sizeof_ls_use))
		for j, use := range unsafe.Slice(list, uses) {
			use = C.ls_use{key: c.memory.copy(transaction.Uses[j].Key),
				kind: C.uint32_t(transaction.Uses[j].Kind)}
			unsafe.Slice(list, uses)[j] = use
		}
		transactions[i] = C.ls_transaction{data: c.memory.copy(transaction.Data), uses: list,
			use_count: C.size_t(uses)}
	}
	return known
}

func (c *Chain) resultOf(result *C.ls_result, count int) *Result {
	summary := C.ls_summary{size: C.sizeof_ls_summary}
	C.ls_result_summary(result, &summary)
	out := &Result{State: digest(summary.state), Block: digest(summary.block),
		Receipts: make([]Receipt, count)}
	if count == 0 {
		return out
	}
	c.memory.reset()
	first := (*C.ls_receipt)(c.memory.take(count * C.sizeof_ls_receipt))
	C.ls_result_receipts(result, 0, C.size_t(count), first)
	for i, receipt := range unsafe.Slice(first, count) {
		out.Receipts[i] = Receipt{Status: uint16(receipt.status), Weight: uint64(receipt.weight),
			Skipped: receipt.disposition == C.LS_SKIPPED, Faulted: receipt.disposition == C.LS_FAULTED,
			Effects: digest(receipt.effects), Events: eventsOf(view(receipt.events))}
	}
	return out
}

// eventsOf decodes what ls_next_event does, without a call for each: u16 type, u32 length, bytes.
func eventsOf(encoded []byte) []Event {
	var events []Event
	for len(encoded) >= 6 {
		size := int(encoded[2]) | int(encoded[3])<<8 | int(encoded[4])<<16 | int(encoded[5])<<24
		events = append(events, Event{Type: uint16(encoded[0]) | uint16(encoded[1])<<8,
			Bytes: append([]byte{}, encoded[6:6+size]...)})
		encoded = encoded[6+size:]
	}
	return events
}

func digest(bytes C.ls_digest) Digest {
	return *(*Digest)(unsafe.Pointer(&bytes.bytes))
}

//export lockstepGoExecute
func lockstepGoExecute(machine C.uintptr_t, of *C.ls_view, in *C.ls_call) (code C.ls_code) {
	chain := cgo.Handle(machine).Value().(*Chain)
	call := &chain.calls[in.worker]
	defer func() {
		if recover() != nil {
			code = C.LS_FAULT
		}
	}()
	call.memory.reset()
	call.changes = call.changes[:0]
	call.flushed, call.refused = false, false
	call.view = of
	call.Worker, call.Index = int(in.worker), int(in.index)
	call.Data = view(in.transaction)
	call.Values = call.Values[:0]
	for _, value := range unsafe.Slice(in.values, int(in.use_count)) {
		call.Values = append(call.Values, view(value))
	}
	call.Status, call.RefusedStatus, call.Weight = 0, 0, 1
	chain.machine.Execute(call)
	call.answer(in)
	return C.LS_OK
}

//export lockstepGoVisit
func lockstepGoVisit(visit C.uintptr_t, key, value C.ls_bytes) C.ls_code {
	cgo.Handle(visit).Value().(func(key, value []byte))(view(key), view(value))
	return C.LS_OK
}
