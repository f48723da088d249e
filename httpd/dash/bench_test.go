package dash_test

import (
	"testing"
	"time"

	"penstock/engine"
)

// BenchmarkPages opens pages of a store in which a filter finds nothing among
// as many requests as it looks at.
func BenchmarkPages(b *testing.B) {
	o := newOffice(b)
	for range 2500 {
		o.ask("success", 1250, func(n *engine.NewRequest) { n.AutoFulfill = false })
		o.Clock.Advance(time.Second)
	}
	p := o.hired(engine.RoleViewer)
	for _, path := range []string{"", "/requests", "/requests?status=paid", "/requests?status=ready"} {
		b.Run("home"+path, func(b *testing.B) {
			for b.Loop() {
				if got := p.get(home + path); got.status != 200 {
					b.Fatal(got)
				}
			}
		})
	}
}
