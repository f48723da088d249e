package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"penstock/store"
)

// Bench measures what the hot path does: an Update that writes one packed,
// time-ordered record of 2 kB and two small ordered keys, from one goroutine
// and from 64, and reads of the records written. Use -benchmem.
func Bench(b *testing.B, h Harness) {
	for _, workers := range []int{1, 64} {
		b.Run(fmt.Sprintf("Update/goroutines=%d", workers), func(b *testing.B) { benchUpdate(b, h, workers) })
	}
	b.Run("Get", func(b *testing.B) { benchRead(b, h, benchGet) })
	b.Run("Scan64", func(b *testing.B) { benchRead(b, h, benchScan) })
}

const benchRecord = 2 << 10

// create is the hot path's transaction for the n-th record.
func create(n uint64, record []byte) func(store.Tx) error {
	var key, mirror [16]byte
	binary.BigEndian.PutUint64(key[:], n)
	binary.BigEndian.PutUint64(mirror[:], n)
	binary.BigEndian.PutUint64(mirror[8:], n^0x5555555555555555)
	return func(tx store.Tx) error {
		if err := tx.Put("b", key[:], record); err != nil {
			return err
		}
		if err := tx.Put("bc", mirror[:], key[:]); err != nil {
			return err
		}
		return tx.Put("c", mirror[:], key[:])
	}
}

func benchUpdate(b *testing.B, h Harness, workers int) {
	s := h.Open(b)
	var n atomic.Uint64
	b.SetParallelism(max(1, workers/runtime.GOMAXPROCS(0)))
	if workers == 1 {
		b.ReportAllocs()
		record := make([]byte, benchRecord)
		for b.Loop() {
			benchOne(b, s, n.Add(1), record)
		}
	} else {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			record := make([]byte, benchRecord)
			for pb.Next() {
				benchOne(b, s, n.Add(1), record)
			}
		})
	}
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "updates/s")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func benchOne(b *testing.B, s store.Store, n uint64, record []byte) {
	if err := s.Update(context.Background(), create(n, record)); err != nil {
		b.Error(err)
	}
}

func benchRead(b *testing.B, h Harness, read func(store.Tx, uint64) error) {
	const records = 20_000
	s := h.Open(b)
	record := make([]byte, benchRecord)
	for n := uint64(0); n < records; n += 100 {
		if err := s.Update(context.Background(), func(tx store.Tx) error {
			for i := range uint64(100) {
				if err := create(n+i, record)(tx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n = (n + 7919) % (records - 100)
		if err := s.View(context.Background(), func(tx store.Tx) error { return read(tx, n) }); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func benchGet(tx store.Tx, n uint64) error {
	var key [16]byte
	binary.BigEndian.PutUint64(key[:], n)
	_, err := tx.Get("b", key[:])
	return err
}

func benchScan(tx store.Tx, n uint64) error {
	var key [16]byte
	binary.BigEndian.PutUint64(key[:], n)
	got, err := tx.Scan("bc", key[:], nil, 64, false)
	if err == nil && len(got) != 64 {
		return errors.New("the scan came back short")
	}
	return err
}
