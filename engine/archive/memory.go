package archive

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
)

// Memory is a shelf in memory that can lose power, for tests and the simulator.
// Lazy makes appends durable only with the next one to the same segment: a disk
// that is asked too late.
type Memory struct {
	Lazy bool

	mu       sync.Mutex
	segments map[ID]*kept
}

type kept struct {
	data   []byte
	synced int
	failed bool
}

// NewMemory is an empty one.
func NewMemory() *Memory { return &Memory{segments: map[ID]*kept{}} }

// Append implements Shelf.
func (m *Memory) Append(id ID, data []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.at(id)
	if k.failed {
		return 0, ErrAppend
	}
	if k.synced = len(k.data); !m.Lazy {
		k.synced += len(data)
	}
	at := int64(len(k.data))
	k.data = append(k.data, data...)
	return at, nil
}

func (m *Memory) at(id ID) *kept {
	k := m.segments[id]
	if k == nil {
		k = &kept{}
		m.segments[id] = k
	}
	return k
}

// Tear appends a part of data and no more, as an append that was cut does.
func (m *Memory) Tear(id ID, data []byte, part int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.at(id)
	k.data = append(k.data, data[:part]...)
	k.synced, k.failed = len(k.data), true
}

// ReadAt implements Shelf.
func (m *Memory) ReadAt(id ID, p []byte, offset int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.segments[id]
	if k == nil || offset < 0 || offset+int64(len(p)) > int64(len(k.data)) {
		return ErrMissing
	}
	copy(p, k.data[offset:])
	return nil
}

// List implements Shelf.
func (m *Memory) List() (out []Segment, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.segments {
		out = append(out, Segment{id, int64(len(k.data))})
	}
	slices.SortFunc(out, func(a, b Segment) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// PowerCut leaves what was synced.
func (m *Memory) PowerCut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.segments {
		k.data = bytes.Clone(k.data[:k.synced])
	}
}

// Remove takes a segment away, as a disk that is gone does.
func (m *Memory) Remove(id ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.segments, id)
}

// Spoil turns a bit of a segment.
func (m *Memory) Spoil(id ID, offset int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.segments[id].data[offset] ^= 1
}
