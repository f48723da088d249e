package cli

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestGraphIsWholeAndShowsEachTenth(t *testing.T) {
	g := benchGraph{title: `creates < 64 clients & "one" store`, fill: &benchFilled{Payouts: 1_000_000, Tenths: []float64{900, 1000, 950, 940, 930, 920, 910, 905, 900, 890}}}
	var b bytes.Buffer
	if err := g.write(&b); err != nil {
		t.Fatal(err)
	}
	bars := 0
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 10 || !strings.Contains(b.String(), "100 k") || !strings.Contains(b.String(), "1 M") {
		t.Errorf("%d bars: %s", bars, &b)
	}
}

func TestGraphOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (benchGraph{fill: &benchFilled{Payouts: 10, Tenths: []float64{1}}}).save(path); err == nil {
		t.Error("a file that was there was overwritten")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("it holds %q now (%v)", b, err)
	}
}

func TestTenthsAreTheRatesOfTheParts(t *testing.T) {
	tenths := newBenchTenths(1000)
	for done := uint64(1); done <= 1000; done++ {
		took := done
		if done > 900 {
			took = 900 + 2*(done-900) // the last part at half the speed
		}
		tenths.at(done, timeMillis(took))
	}
	got := tenths.rates()
	if len(got) != 10 || got[0] != 1000 || got[8] != 1000 || got[9] != 500 {
		t.Errorf("got %v", got)
	}
	small := newBenchTenths(5)
	for done := uint64(1); done <= 5; done++ {
		small.at(done, timeMillis(done))
	}
	if got := small.rates(); len(got) != 0 {
		t.Errorf("a fill of five has tenths: %v", got)
	}
}

func timeMillis(n uint64) time.Duration { return time.Duration(n) * time.Millisecond }
