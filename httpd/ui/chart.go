package ui

import "fmt"

// Chart shows numbers over time, drawn on the server: it can be read without a
// script, and printed. Its numbers stand below it as a table too.
type Chart struct {
	Title  string
	Lead   string // what it says, for those who don't see it
	Series []Series
	Steps  []Step
	Line   bool   // of one series, which may fall below zero; else stacked bars
	Top    string // the largest value, for people
	Zero   string // of a line, the smallest
}

// Series is one thing that is counted.
type Series struct {
	Name string
	Tone Tone
}

// Step is one moment, or one span of time.
type Step struct {
	Label  string   // in the table
	Mark   string   // under the chart; "" for most
	Values []int64  // of each series
	Texts  []string // the same for people
}

// The drawing's own units; it is stretched to the room that there is.
const (
	chartWide = 1000
	chartHigh = 160
)

// Rect is a piece of a bar.
type Rect struct {
	X, Y, W, H int
	Tone       Tone
	Title      string
}

// Rects are the bars of a chart, whose tallest fills its height.
func (c Chart) Rects() []Rect {
	var out []Rect
	most := int64(1)
	for _, s := range c.Steps {
		most = max(most, sum(s.Values))
	}
	if len(c.Steps) == 0 || c.Line {
		return nil
	}
	room := chartWide / len(c.Steps)
	gap := max(room/6, 1)
	for i, s := range c.Steps {
		y := chartHigh
		for j, v := range s.Values {
			if v <= 0 || j >= len(c.Series) {
				continue
			}
			h := max(int(v*(chartHigh-4)/most), 2)
			y -= h
			out = append(out, Rect{X: i*room + gap/2, Y: y, W: room - gap, H: h, Tone: c.Series[j].Tone, Title: fmt.Sprintf("%s: %s %s", s.Label, s.Texts[j], c.Series[j].Name)})
		}
	}
	return out
}

func sum(values []int64) (n int64) {
	for _, v := range values {
		n += max(v, 0)
	}
	return n
}

// Path is the line of a chart, and Area what lies below it.
func (c Chart) Path() string { return c.draw(false) }

// Area is what lies below the line.
func (c Chart) Area() string { return c.draw(true) }

func (c Chart) draw(closed bool) string {
	if !c.Line || len(c.Steps) < 2 {
		return ""
	}
	low, high := c.Steps[0].Values[0], c.Steps[0].Values[0]
	for _, s := range c.Steps {
		low, high = min(low, s.Values[0]), max(high, s.Values[0])
	}
	low = min(low, 0)
	span := max(high-low, 1)
	path, letter := "", "M"
	for i, s := range c.Steps {
		x := i * chartWide / (len(c.Steps) - 1)
		y := chartHigh - 2 - int(scaled(s.Values[0]-low, chartHigh-6, span))
		if i > 0 { // a balance stays until it changes
			path += fmt.Sprintf("H%d", x)
			letter = "V"
			path += fmt.Sprintf("%s%d", letter, y)
			continue
		}
		path += fmt.Sprintf("%s%d %d", letter, x, y)
	}
	if closed {
		path += fmt.Sprintf("V%dH0Z", chartHigh)
	}
	return path
}

// scaled is v*to/span without going beyond 64 bits.
func scaled(v, to, span int64) int64 {
	for v > 1<<40 || span > 1<<40 {
		v, span = v>>8, max(span>>8, 1)
	}
	return v * to / span
}
