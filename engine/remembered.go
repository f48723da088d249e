package engine

import "sync"

// remembered keeps decoded records of a kind that is read far more often than it
// changes. A record is known by all of its bytes, so what is remembered is never
// out of date, whichever transaction reads it and whether that commits. Nothing
// given may be changed.
type remembered[T any] struct {
	mu sync.Mutex
	of map[string]*T
}

// maxRemembered bounds the records of a kind; past it they are forgotten.
const maxRemembered = 1000

func (m *remembered[T]) decode(bucket string, raw []byte) (*T, error) {
	m.mu.Lock()
	known := m.of[string(raw)]
	m.mu.Unlock()
	if known != nil {
		return known, nil
	}
	v, err := decode[T](bucket, raw)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || len(m.of) >= maxRemembered {
		m.of = map[string]*T{}
	}
	m.of[string(raw)] = v
	return v, nil
}
