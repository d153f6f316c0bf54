package lockstep

// #include <lockstep.h>
import "C"

import (
	"math/big"
	"unsafe"
)

// Call is one execution of one transaction. It and all bytes that it shows are good until Execute
// returns.
type Call struct {
	Worker int      // no two executions of one number overlap
	Index  int      // of the transaction in its block
	Data   []byte   // the transaction
	Values [][]byte // of the keys that it uses, nil where absent

	Status        uint16 // the machine's own; 0: applied
	RefusedStatus uint16 // instead, when an addition is refused: then no change is made
	Weight        uint64

	view    *C.ls_view
	memory  memory
	changes []C.ls_change
	flushed bool       // some changes have been made already
	refused bool       // one of those was not
	start   C.uint32_t // the savepoint before them
}

// Put sets a cell.
func (c *Call) Put(key, value []byte) {
	c.changes = append(c.changes, C.ls_change{
		kind: C.LS_PUT, key: c.memory.copy(key), value: c.memory.copy(value)})
}

// Erase makes a cell absent.
func (c *Call) Erase(key []byte) {
	c.changes = append(c.changes, C.ls_change{kind: C.LS_ERASE, key: c.memory.copy(key)})
}

// Emit appends an event to the receipt.
func (c *Call) Emit(event uint16, bytes []byte) {
	c.changes = append(c.changes, C.ls_change{
		kind: C.LS_EVENT, event: C.uint32_t(event), value: c.memory.copy(bytes)})
}

// Add adds to a number (16 bytes, little-endian). The sum must stay within the bounds; both nil:
// no bounds. Transactions that only add to a cell do not conflict.
func (c *Call) Add(key []byte, amount int64, lower, upper *big.Int) {
	change := C.ls_change{kind: C.LS_ADD, key: c.memory.copy(key), amount: wide(amount)}
	if lower != nil || upper != nil {
		change.kind = C.LS_ADD_WITHIN
		change.lower, change.upper = bound(lower, lowest), bound(upper, highest)
	}
	c.changes = append(c.changes, change)
}

// Get reads a cell that the transaction has not said it uses; nil: absent. It costs a call of C.
// False: the execution is refused, return at once.
func (c *Call) Get(key []byte) ([]byte, bool) {
	if len(c.changes) != 0 && !c.flush() {
		return nil, false
	}
	var value C.ls_bytes
	code := C.ls_read(c.view, c.memory.copy(key), &value)
	return view(value), code == C.LS_OK || code == C.LS_ABSENT
}

// flush makes the changes so far, which later reads see. False: stopped, or refused.
func (c *Call) flush() bool {
	if !c.flushed && C.ls_savepoint(c.view, &c.start) != C.LS_OK {
		return false
	}
	c.flushed = true
	changes, count := c.list()
	c.changes = c.changes[:0]
	code := C.ls_write_many(c.view, changes, count)
	c.refused = c.refused || code == C.LS_REFUSED
	return code == C.LS_OK
}

// answer hands the rest of the changes over; all are undone when one is refused.
func (c *Call) answer(in *C.ls_call) {
	if c.flushed && !c.refused && len(c.changes) != 0 {
		c.flush()
	}
	if c.refused {
		C.ls_rollback(c.view, c.start)
		c.Status = c.RefusedStatus
	} else if !c.flushed {
		in.changes, in.change_count = c.list()
	}
	in.status, in.refused_status = C.uint16_t(c.Status), C.uint16_t(c.RefusedStatus)
	in.weight = C.uint64_t(c.Weight)
}

// list copies the changes to where C may look at them.
func (c *Call) list() (*C.ls_change, C.size_t) {
	count := len(c.changes)
	if count == 0 {
		return nil, 0
	}
	list := (*C.ls_change)(c.memory.take(count * C.sizeof_ls_change))
	copy(unsafe.Slice(list, count), c.changes)
	return list, C.size_t(count)
}

var (
	lowest  = new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127))
	highest = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1))
)

func wide(amount int64) C.ls_int128 {
	return C.ls_int128{low: C.uint64_t(amount), high: C.int64_t(amount >> 63)}
}

func bound(number, otherwise *big.Int) C.ls_int128 {
	if number == nil || number.CmpAbs(lowest) > 0 {
		number = otherwise
	}
	low := new(big.Int).And(number, new(big.Int).SetUint64(^uint64(0)))
	return C.ls_int128{
		low:  C.uint64_t(low.Uint64()),
		high: C.int64_t(new(big.Int).Rsh(number, 64).Int64())}
}
