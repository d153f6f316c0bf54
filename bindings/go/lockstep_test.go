package lockstep

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand"
	"reflect"
	"testing"
	"time"
)

const accounts = 40

// ledger moves money between accounts, in the way that the first byte of a transaction says.
type ledger struct{}

func account(n byte) []byte {
	return []byte(fmt.Sprintf("account/%03d/%s", n, bytes.Repeat([]byte("k"), 60)))
}

var fees = []byte("fees")

func amountOf(value []byte) uint64 {
	if value == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(value)
}

func (ledger) Execute(call *Call) {
	way, from, to, amount := call.Data[0], call.Data[1], call.Data[2], uint64(call.Data[3])
	if way == 9 {
		panic("a machine that breaks")
	}
	var values [2][]byte
	if len(call.Values) != 0 {
		values[0], values[1] = call.Values[0], call.Values[1]
	} else {
		for i, n := range []byte{from, to} {
			value, ok := call.Get(account(n))
			if !ok {
				return
			}
			values[i] = value
		}
	}
	a, b := amountOf(values[0]), amountOf(values[1])
	if from == to || a < amount {
		call.Status = 1
		return
	}
	if a == amount {
		call.Erase(account(from))
	} else {
		call.Put(account(from), binary.LittleEndian.AppendUint64(nil, a-amount))
	}
	call.Put(account(to), binary.LittleEndian.AppendUint64(nil, b+amount))
	if way == 2 {
		if seen, ok := call.Get(account(to)); ok && amountOf(seen) != b+amount {
			panic("a call does not see its own changes")
		}
	}
	call.RefusedStatus = 2
	call.Add(fees, 1, big.NewInt(0), big.NewInt(1000))
	call.Emit(3, call.Data[3:])
}

// model is the same as a loop over a map.
func model(balances map[byte]uint64, paid *int, data []byte) (uint16, bool) {
	from, to, amount := data[1], data[2], uint64(data[3])
	switch {
	case data[0] == 9:
		return 1, true
	case from == to || balances[from] < amount:
		return 1, false
	case *paid == 1000:
		return 2, false
	}
	balances[from] -= amount
	balances[to] += amount
	*paid++
	return 0, false
}

func TestEveryExecutorEqualsALoopOverAMap(t *testing.T) {
	var expected []*Result
	for _, executor := range []Executor{Serial, Parallel, Adaptive} {
		for _, complete := range []bool{true, false} {
			chain, err := Open(ledger{}, Options{Executor: executor, Workers: 3})
			if err != nil {
				t.Fatal(err)
			}
			random, paid := rand.New(rand.NewSource(1)), 0
			balances, cells := map[byte]uint64{}, map[string][]byte{}
			for n := byte(0); n < accounts; n += 2 {
				balances[n] = 5000
				cells[string(account(n))] = binary.LittleEndian.AppendUint64(nil, 5000)
			}
			if err := chain.Load(cells); err != nil {
				t.Fatal(err)
			}
			var results []*Result
			for height := uint64(1); height <= 8; height++ {
				block := Block{Height: height, Complete: complete}
				for i := 0; i < 200; i++ {
					way := []byte{0, 1, 2, 2, 9}[random.Intn(5)]
					data := []byte{way, byte(random.Intn(accounts)), byte(random.Intn(accounts)), byte(random.Intn(250))}
					transaction := Transaction{Data: data}
					if complete || way == 1 {
						transaction.Uses = []Use{{account(data[1]), Write}, {account(data[2]), Write}, {fees, Add}}
					}
					block.Transactions = append(block.Transactions, transaction)
				}
				result, err := chain.Execute(&block)
				if err != nil {
					t.Fatal(err)
				}
				for i, receipt := range result.Receipts {
					status, faulted := model(balances, &paid, block.Transactions[i].Data)
					if receipt.Status != status || receipt.Faulted != faulted {
						t.Fatalf("block %d transaction %d: %+v, not %d %v", height, i, receipt, status, faulted)
					}
					if (len(receipt.Events) == 1) != (status == 0) {
						t.Fatalf("events %v", receipt.Events)
					}
				}
				results = append(results, result)
			}
			if paid != 1000 {
				t.Fatalf("the bound of the fees was not met: %d", paid)
			}
			if expected == nil {
				expected = results
			}
			if !reflect.DeepEqual(results, expected) {
				t.Fatalf("executor %d, complete %v: other results", executor, complete)
			}
			for n := byte(0); n < accounts; n++ {
				if amountOf(chain.Get(account(n))) != balances[n] {
					t.Fatalf("account %d has %d, not %d", n, amountOf(chain.Get(account(n))), balances[n])
				}
			}
			visited := 0
			chain.ForEach(func(key, value []byte) { visited++ })
			held := 1 // fees
			for _, balance := range balances {
				if balance != 0 {
					held++
				}
			}
			if visited != held {
				t.Fatalf("%d cells, not %d", visited, held)
			}
			chain.Close()
		}
	}
}

func TestProposalsAndReorganisations(t *testing.T) {
	cells := func(chain *Chain) map[string]string {
		out := map[string]string{}
		chain.ForEach(func(key, value []byte) { out[string(key)] = string(value) })
		return out
	}
	open := func(executor Executor) *Chain {
		chain, err := Open(ledger{}, Options{Executor: executor, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		genesis := map[string][]byte{}
		for n := byte(0); n < accounts; n++ {
			genesis[string(account(n))] = binary.LittleEndian.AppendUint64(nil, 100)
		}
		if err := chain.Load(genesis); err != nil {
			t.Fatal(err)
		}
		return chain
	}
	chain, other := open(Parallel), open(Serial)
	defer chain.Close()
	defer other.Close()
	random := rand.New(rand.NewSource(4))
	store := cells(chain)
	for height := uint64(1); height <= 20; height++ {
		block := &Block{Height: height}
		for i := 0; i < 30; i++ {
			block.Transactions = append(block.Transactions, Transaction{Data: []byte{1,
				byte(random.Intn(accounts)), byte(random.Intn(accounts)), byte(random.Intn(120))}})
		}
		before := cells(chain)
		proposal, err := chain.Propose(block)
		if err != nil || !reflect.DeepEqual(cells(chain), before) {
			t.Fatal(err, "a proposal changed the state")
		}
		decision, err := chain.ExecuteDiff(block)
		if err != nil || decision.Block != proposal.Block || !reflect.DeepEqual(decision.Diff, proposal.Diff) {
			t.Fatal(err, "the decision is not what was proposed")
		}
		if height%3 == 0 {
			if err := chain.Revert(decision); err != nil || !reflect.DeepEqual(cells(chain), before) {
				t.Fatal(err, "the block was not taken back")
			}
			if chain.Revert(decision) == nil {
				t.Fatal("a block was taken back twice")
			}
			if err := chain.Apply(decision); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.Apply(decision); err != nil {
			t.Fatal(err)
		}
		for _, change := range decision.Diff {
			if string(change.Before) != store[string(change.Key)] {
				t.Fatal("the diff tells another value from before")
			}
			if store[string(change.Key)] = string(change.After); change.After == nil {
				delete(store, string(change.Key))
			}
		}
		if !reflect.DeepEqual(cells(chain), store) || !reflect.DeepEqual(cells(other), store) {
			t.Fatal("states differ at height", height)
		}
	}
}

func TestErrorsAreTold(t *testing.T) {
	if _, err := Open(ledger{}, Options{Executor: 7}); err == nil {
		t.Fatal("an executor that does not exist")
	}
	chain, err := Open(ledger{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	if err := chain.Load(map[string][]byte{string(make([]byte, 5000)): {1}}); err == nil {
		t.Fatal("a key that is too long")
	}
	uses := []Use{{account(1), 77}}
	if _, err := chain.Execute(&Block{Transactions: []Transaction{{Uses: uses}}}); err == nil {
		t.Fatal("a use of no kind")
	}
}

type nothing struct{}

func (nothing) Execute(call *Call) {}

// One transaction that uses two keys and changes nothing: what the crossing costs.
func BenchmarkTransaction(b *testing.B) {
	chain, _ := Open(nothing{}, Options{Executor: Serial})
	defer chain.Close()
	block := Block{Height: 1, Complete: true}
	for i := 0; i < 10000; i++ {
		block.Transactions = append(block.Transactions, Transaction{Data: []byte{1},
			Uses: []Use{{account(byte(i % 50)), Read}, {account(byte(i % 49)), Read}}})
	}
	start := time.Now()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := chain.Execute(&block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/10000, "ns/transaction")
}
