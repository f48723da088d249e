package locker

import (
	"fmt"
	"testing"

	"penstock/store/mem"
)

// A card's details as the engine encodes them.
const benchDetails = `{"number":"4111111111111111","expiry_month":"12","expiry_year":"2030","holder":"Alice Example"}`

func BenchmarkSealKnownOwner(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	plaintext := []byte(benchDetails)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Seal(ctx, alice, card, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenKnownOwner(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	sealed := mustSeal(b, l, alice, card, benchDetails)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Open(ctx, alice, card, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealKnownOwnerParallel(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	plaintext := []byte(benchDetails)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Seal(ctx, alice, card, plaintext); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkSealNewOwner is the locker's own part of a first use; with a disk
// under it the keyring's commit comes on top.
func BenchmarkSealNewOwner(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	plaintext := []byte(benchDetails)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if _, err := l.Seal(ctx, OwnerOfCustomer("acme", "live", fmt.Sprint(n)), card, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Fingerprint(ctx, "acme", "live", "card:4111111111111111"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	part := []byte("pm_01jd8r7q3v9w2x4y5z6a7b8c9d")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.MAC("payment token", part); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRotate(b *testing.B) {
	l, _ := newLocker(b, mem.New(mem.Options{}))
	const owners = 1000
	for i := range owners {
		mustSeal(b, l, filledOwner(i), card, benchDetails)
	}
	for b.Loop() {
		if err := l.Rotate(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/owners, "ns/key")
}
