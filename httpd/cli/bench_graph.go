package cli

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// benchGraph draws how fast a store took payouts while it grew.
type benchGraph struct {
	title string
	fill  *benchFilled
}

// Places in the picture, in its own units.
const (
	graphWidth, graphHeight           = 720, 340
	graphLeft, graphRight             = 70, 20
	graphTop, graphBottom             = 40, 50
	graphInnerWidth, graphInnerHeight = graphWidth - graphLeft - graphRight, graphHeight - graphTop - graphBottom
)

// write writes the picture as SVG, which needs nothing but itself. The text is
// of a grey that can be read on a light page and on a dark one.
func (g benchGraph) write(w io.Writer) error {
	var b bytes.Buffer
	most := 1.0
	for _, rate := range g.fill.Tenths {
		most = max(most, rate)
	}
	step := niceStep(most / 4)
	top := step * math.Ceil(most/step)
	y := func(rate float64) float64 { return graphTop + graphInnerHeight*(1-rate/top) }
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="13" fill="currentColor" color="#6b7480">`+"\n", graphWidth, graphHeight)
	b.WriteString("<title>")
	if err := xml.EscapeText(&b, []byte(g.title)); err != nil {
		return err
	}
	fmt.Fprintf(&b, "</title>\n<text x=\"%d\" y=\"20\" font-weight=\"600\">", graphLeft)
	if err := xml.EscapeText(&b, []byte(g.title)); err != nil {
		return err
	}
	b.WriteString("</text>\n")
	for rate := 0.0; rate <= top+step/2; rate += step {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="currentColor" stroke-opacity="0.15"/><text x="%d" y="%.1f" text-anchor="end">%.0f</text>`+"\n",
			graphLeft, graphWidth-graphRight, y(rate), y(rate), graphLeft-8, y(rate)+4, rate)
	}
	part := float64(graphInnerWidth) / float64(len(g.fill.Tenths))
	for i, rate := range g.fill.Tenths {
		x := graphLeft + part*float64(i)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="#2f6fdb"><title>%.0f a second</title></rect><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x+part*.15, y(rate), part*.7, graphTop+graphInnerHeight-y(rate), rate, x+part/2, graphHeight-30, shortCount(float64(g.fill.Payouts)*float64(i+1)/10))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">payouts in the store</text>`+"\n</svg>\n", graphLeft+graphInnerWidth/2, graphHeight-8)
	_, err := w.Write(b.Bytes())
	return err
}

// niceStep is the next of 1, 2, 5, 10, 20 and so on that is not below v.
func niceStep(v float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*ten {
			return n * ten
		}
	}
	return 10 * ten
}

// shortCount is 30 k for 30,000 and 2.5 M for 2,500,000.
func shortCount(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3g M", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g k", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}

// save writes the picture to a file that is not there yet.
func (g benchGraph) save(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("--graph: %w", err)
	}
	if err := g.write(f); err != nil {
		return fmt.Errorf("--graph: %w", errors.Join(err, f.Close()))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("--graph: %w", err)
	}
	return nil
}
