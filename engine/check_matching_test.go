package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// indexRows is an index as it should be, and as it is.
type indexRows struct{ asked, stands map[string]string }

// look goes through both, in any order, as a check does.
func (x indexRows) look(m *matching) (more, fewer []string) {
	for key, value := range x.asked {
		m.ask("b", []byte(key), value)
	}
	for key, value := range x.stands {
		if !m.stands("b", []byte(key), value) {
			more = append(more, key)
		}
	}
	for _, p := range m.missing("b") {
		fewer = append(fewer, string(p.Key))
	}
	slices.Sort(more)
	return more, fewer
}

// kept is how many rows a matching holds.
func (m *matching) keptRows() (n int) {
	for _, rows := range m.kept {
		n += len(rows)
	}
	return n
}

func manyRows(n int) indexRows {
	asked := make(map[string]string, n)
	for i := range n {
		key, value := fmt.Sprintf("shop\x00t%026d", i), ""
		if i%2 == 0 {
			value = fmt.Sprintf("%026d", i*7)
		}
		asked[key] = value
	}
	return indexRows{asked, maps.Clone(asked)}
}

// TestMatchingNamesWhatDiffers: whatever is missing, too many or wrong among many
// rows is named by the second look, each once and nothing else; without a
// difference there is none.
func TestMatchingNamesWhatDiffers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		x := manyRows(5000)
		var more, fewer []string
		for _, key := range slices.Sorted(maps.Keys(x.asked)) {
			if r.IntN(5000) >= round || x.stands[key] != x.asked[key] {
				continue
			}
			switch r.IntN(4) {
			case 0:
				delete(x.stands, key)
				fewer = append(fewer, key)
			case 1:
				delete(x.asked, key)
				more = append(more, key)
			case 2:
				x.stands[key] += "0" // it is too many, and stands in the place of what is asked for
				more = append(more, key)
			case 3: // two that bear each other's value
				other := fmt.Sprintf("shop\x00t%026d", 2*r.IntN(2500))
				if x.asked[other] == "" || x.asked[key] == "" || other == key || x.stands[other] != x.asked[other] || x.stands[key] != x.asked[key] {
					continue
				}
				x.stands[key], x.stands[other] = x.stands[other], x.stands[key]
				more = append(more, key, other)
			}
		}
		slices.Sort(more)
		slices.Sort(fewer)
		first := newMatching()
		if m, f := x.look(first); len(m)+len(f) > 0 {
			t.Errorf("the first look names %q and %q", m, f)
		}
		second := first.again(matchingKept)
		if second == nil {
			if len(more)+len(fewer) > 0 {
				t.Errorf("nothing differs, want %q more and %q fewer", more, fewer)
			}
			continue
		}
		if m, f := x.look(second); !slices.Equal(m, more) || !slices.Equal(f, fewer) || second.left > 0 {
			t.Errorf("%q more and %q fewer, %d left; want %q and %q", m, f, second.left, more, fewer)
		}
	}
}

// TestMatchingIsBounded: where everything is missing a second look keeps about as
// many rows as it may, names those, and says that there are more.
func TestMatchingIsBounded(t *testing.T) {
	x := manyRows(200_000)
	clear(x.stands)
	first := newMatching()
	x.look(first)
	second := first.again(10_000)
	_, fewer := x.look(second)
	if n := second.keptRows(); n < 5_000 || n > 15_000 || len(fewer) != n || second.left < 50_000 {
		t.Errorf("%d rows are kept and %d named, %d are left; want about 10000", second.keptRows(), len(fewer), second.left)
	}
}

// TestMarksHaveWhatWasSet, and little else.
func TestMarksHaveWhatWasSet(t *testing.T) {
	var m marks
	key := func(i int) []byte { return binary.BigEndian.AppendUint64(bytes.Repeat([]byte("k"), 20), uint64(i)) }
	if m.has(key(1)) {
		t.Error("nothing was set and something is")
	}
	for i := range 10_000 {
		m.set(key(i))
	}
	wrong := 0
	for i := range 20_000 {
		if has := m.has(key(i)); i < 10_000 && !has {
			t.Fatalf("%d was set and is not", i)
		} else if i >= 10_000 && has {
			wrong++
		}
	}
	if wrong > 100 {
		t.Errorf("%d of 10000 are set and were not, want about 24", wrong)
	}
}
