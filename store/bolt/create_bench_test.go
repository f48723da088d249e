package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"penstock/store"
)

// BenchmarkCreate is the load of a payout's create as the store sees it: one
// packed record of 1 kB and two small keys, all in rising order, and three
// look-up keys in random order; 64 callers, each its own Update, against a file
// that is synced. One operation is createRound of them.
//
// It reports creates a second, that as a ratio to fsynced appends of 4 KiB a
// second just before and after, the bytes given to write per create, and the
// creates per commit. PENSTOCK_BENCH_KEYS is how many random keys there are to
// begin with, by commas.
func BenchmarkCreate(b *testing.B) {
	for _, keys := range benchKeys(b) {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) { benchCreate(b, keys) })
	}
}

// BenchmarkLook is what Views ask of the random keys: one that is there, one
// that isn't, and the few that begin alike.
func BenchmarkLook(b *testing.B) {
	for _, keys := range benchKeys(b) {
		s := open(b, createOptions(newPath(b)))
		fillKeys(b, s, max(keys, 60_000))
		looks := map[string]func(tx store.Tx, n uint64) error{
			"Get": func(tx store.Tx, n uint64) error {
				_, err := tx.Get("ref", fillKey(1, n%uint64(max(keys, 60_000)/3)))
				return err
			},
			"GetAbsent": func(tx store.Tx, n uint64) error {
				if _, err := tx.Get("ref", fillKey(1, n+1<<40)); !errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("absent key: %w", err)
				}
				return nil
			},
			"Scan": func(tx store.Tx, n uint64) error {
				key := fillKey(2, n%uint64(max(keys, 60_000)/3))
				got, err := tx.Scan("by_customer", key[:len(key)-31], append(key[:len(key)-32:len(key)-32], 1), 20, true)
				if err == nil && len(got) != 1 {
					return fmt.Errorf("scan gave %d pairs", len(got))
				}
				return err
			},
		}
		for _, name := range slices.Sorted(maps.Keys(looks)) {
			b.Run(fmt.Sprintf("keys=%d/%s", keys, name), func(b *testing.B) {
				b.ReportAllocs()
				n := uint64(0)
				for b.Loop() {
					n += 7919
					if err := s.View(context.Background(), func(tx store.Tx) error { return looks[name](tx, n) }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func benchKeys(b *testing.B) (keys []int) {
	list := os.Getenv("PENSTOCK_BENCH_KEYS")
	if list == "" {
		return []int{0, 1_000_000}
	}
	for part := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			b.Fatal(err)
		}
		keys = append(keys, n)
	}
	return keys
}

const (
	createCallers = 64
	createRound   = 6400
)

// createOptions makes the buckets of random keys lazy, unless
// PENSTOCK_BENCH_PLAIN is set.
func createOptions(path string) Options {
	opt := Options{Path: path, Ordered: []string{"request", "due", "delivery"}}
	if os.Getenv("PENSTOCK_BENCH_PLAIN") == "" {
		opt.Lazy = []string{"once", "ref", "by_customer"}
	}
	return opt
}

func benchCreate(b *testing.B, keys int) {
	s := open(b, createOptions(newPath(b)))
	fillKeys(b, s, keys)
	fsync := appendsPerSecond(b)
	var begun uint64
	round := func() {
		var callers sync.WaitGroup
		for c := range createCallers {
			callers.Go(func() {
				for i := range createRound / createCallers {
					createOne(b, s, begun+uint64(i*createCallers+c))
				}
			})
		}
		callers.Wait()
		begun += createRound
	}
	round() // the first pages
	before, wrote, cpu := s.Stats(), written(b), cpuTime(b)
	b.ResetTimer()
	for b.Loop() {
		round()
	}
	b.StopTimer()
	cpu = cpuTime(b) - cpu
	after := s.Stats()
	n := float64(after.Updates - before.Updates)
	perSecond := n / b.Elapsed().Seconds()
	fsync = (fsync + appendsPerSecond(b)) / 2
	b.ReportMetric(perSecond, "creates/s")
	b.ReportMetric(perSecond/fsync, "creates/append")
	b.ReportMetric(float64(written(b)-wrote)/n, "B/create")
	b.ReportMetric(float64(cpu.Microseconds())/n, "cpu-us/create")
	b.ReportMetric(n/float64(after.Commits-before.Commits), "creates/commit")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// createOne is one create. Its number gives the ordered keys and draws the
// random ones.
func createOne(b *testing.B, s *Store, n uint64) {
	record := make([]byte, 1<<10)
	id := fmt.Sprintf("porq_%026d", n)
	chance := rand.New(rand.NewPCG(n, 1))
	var hash [64]byte
	for i := 0; i < len(hash); i += 8 {
		binary.BigEndian.PutUint64(hash[i:], chance.Uint64())
	}
	const scope = "merchant_0001\x00l"
	err := s.Update(context.Background(), func(tx store.Tx) error {
		once := slices.Concat([]byte(scope+"POST /payouts/create\x00"), hash[:32])
		ref := fmt.Appendf(nil, "%s%x", scope, hash[:12])
		for _, key := range [][2]string{{"once", string(once)}, {"ref", string(ref)}} {
			if _, err := tx.Get(key[0], []byte(key[1])); err == nil {
				return fmt.Errorf("%s of create %d is taken", key[0], n)
			}
		}
		for _, p := range []struct {
			bucket     string
			key, value []byte
		}{
			{"request", []byte(scope + id), record},
			{"due", slices.Concat(binary.BigEndian.AppendUint64(nil, n), []byte("p"+scope+id)), nil},
			{"delivery", []byte(scope + "dlv_" + id), hash[:]},
			{"once", once, append(hash[:48:48], id...)},
			{"ref", ref, []byte(id)},
			{"by_customer", fmt.Appendf(nil, "%scus_%026x\x00%s", scope, hash[40:53], id), nil},
		} {
			if err := tx.Put(p.bucket, p.key, p.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}

// fillKey is the n-th random key of the i-th of the three buckets.
func fillKey(i int, n uint64) []byte {
	const scope = "merchant_0001\x00l"
	chance := rand.New(rand.NewPCG(n, 2))
	var hash [32]byte
	for j := 0; j < len(hash); j += 8 {
		binary.BigEndian.PutUint64(hash[j:], chance.Uint64())
	}
	switch i {
	case 0:
		return slices.Concat([]byte(scope+"POST /payouts/create\x00"), hash[:])
	case 1:
		return fmt.Appendf(nil, "%s%x", scope, hash[:12])
	}
	return fmt.Appendf(nil, "%scus_%026x\x00porq_%026d", scope, hash[8:21], n)
}

// fillKeys puts random keys in, a third into each bucket, in key order as far
// as one transaction goes.
func fillKeys(b *testing.B, s *Store, keys int) {
	const page = 20_000
	value := [3][]byte{make([]byte, 79), make([]byte, 31), nil}
	for done := 0; done < keys/3; done += page {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			for i, bucket := range []string{"once", "ref", "by_customer"} {
				all := make([][]byte, page)
				for n := range all {
					all[n] = fillKey(i, uint64(done+n))
				}
				slices.SortFunc(all, bytes.Compare)
				for _, key := range all {
					if err := tx.Put(bucket, key, value[i]); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// appendsPerSecond is what the disk does: 4 KiB appended and synced, one after
// another.
func appendsPerSecond(b *testing.B) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "appends"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }() // nothing in it matters
	block := make([]byte, 4<<10)
	begin, n := time.Now(), 0
	for time.Since(begin) < 500*time.Millisecond {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		n++
	}
	return float64(n) / time.Since(begin).Seconds()
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// written is how many bytes this process gave to write so far.
func written(b *testing.B) int64 {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "wchar: "); ok {
			total, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return total
		}
	}
	b.Fatal("no wchar in /proc/self/io")
	return 0
}
