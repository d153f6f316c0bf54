package lockstep

// #include <stdlib.h>
// #include <lockstep.h>
import "C"

import "unsafe"

// memory is what C may look at after a call has returned: Go's own may not be left there.
type memory struct {
	chunks  []unsafe.Pointer
	sizes   []int
	current int // chunk in use
	used    int // of it
}

const chunkSize = 64 << 10

// take gives size bytes, aligned for any struct, until the next reset.
func (m *memory) take(size int) unsafe.Pointer {
	size = (size + 15) &^ 15
	for ; m.current < len(m.chunks); m.current, m.used = m.current+1, 0 {
		if m.used+size <= m.sizes[m.current] {
			taken := unsafe.Add(m.chunks[m.current], m.used)
			m.used += size
			return taken
		}
	}
	room := chunkSize
	if size > room {
		room = size
	}
	m.chunks = append(m.chunks, C.malloc(C.size_t(room)))
	m.sizes = append(m.sizes, room)
	m.used = size
	return m.chunks[m.current]
}

// copy gives the bytes as C sees them.
func (m *memory) copy(bytes []byte) C.ls_bytes {
	if len(bytes) == 0 {
		return C.ls_bytes{}
	}
	room := m.take(len(bytes))
	copy(unsafe.Slice((*byte)(room), len(bytes)), bytes)
	return C.ls_bytes{data: (*C.uint8_t)(room), size: C.size_t(len(bytes))}
}

func (m *memory) reset() { m.current, m.used = 0, 0 }

func (m *memory) free() {
	for _, chunk := range m.chunks {
		C.free(chunk)
	}
	*m = memory{}
}

// view shows bytes of C without a copy; nil where there are none.
func view(bytes C.ls_bytes) []byte {
	if bytes.data == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), int(bytes.size))
}

// keep copies bytes of C.
func keep(bytes C.ls_bytes) []byte {
	if bytes.data == nil {
		return nil
	}
	return append([]byte{}, view(bytes)...)
}
