package mem_test

import (
	"io"
	"testing"

	"penstock/store"
	"penstock/store/mem"
	"penstock/store/storetest"
)

func harness(opt mem.Options) storetest.Harness {
	return storetest.Harness{
		Open: func(testing.TB) store.Store { return mem.New(opt) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return s.(*mem.Store).Reopen()
		},
		OpenCopy: func(t testing.TB, r io.Reader) store.Store {
			s, err := mem.Load(opt, r)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		PowerCut: func(_ testing.TB, s store.Store) store.Store { return s.(*mem.Store).PowerCut() },
	}
}

func TestStore(t *testing.T) { storetest.Test(t, harness(mem.Options{})) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness(mem.Options{})) }
