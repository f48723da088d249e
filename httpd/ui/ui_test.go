package ui

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func open(t *testing.T) *UI {
	t.Helper()
	u, err := New("/assets")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAssetsAreSmall(t *testing.T) {
	u, every, seldom := open(t), 0, 0
	for _, name := range u.Assets() {
		a, _ := u.Asset(name)
		if strings.HasPrefix(name, "grow") || name == "branch.js" || name == "exact.js" {
			seldom += len(a.Body) // loaded where a tree is edited
		} else {
			every += len(a.Body)
		}
	}
	if every == 0 || every > 60<<10 || seldom > 30<<10 {
		t.Errorf("the assets of every page have %d bytes, want at most 60 KiB; those of the editor %d, want 30 KiB", every, seldom)
	}
}

// TestNothingIsInline: the policy forbids it, so it would not work either.
func TestNothingIsInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle\s*=|\son[a-z]+\s*=|<script[^>]*>\s*[^<\s]|javascript:|@import|url\(`)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if m := inline.Find(text); m != nil {
			t.Errorf("%s has %q", path, m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(Policy, "unsafe") || !strings.Contains(Policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %s", Policy)
	}
}

func TestEveryToneHasAShapeOfItsOwn(t *testing.T) {
	seen := map[string]Tone{}
	for _, tone := range Tones() {
		shape, err := icon("tone-" + string(tone))
		if err != nil {
			t.Error(err)
		}
		if other, twice := seen[string(shape)]; twice {
			t.Errorf("%s looks like %s", tone, other)
		}
		seen[string(shape)] = tone
	}
}

func TestMistakesOfTheCallerAreErrors(t *testing.T) {
	u := open(t)
	if _, err := u.Render("nowhere", Frame{}); err == nil {
		t.Error("a page that isn't there was rendered")
	}
	if _, err := u.Render("list", Frame{Data: 7}); err == nil {
		t.Error("a list of nothing that is one was rendered")
	}
	if _, ok := u.Asset("tokens.css"); ok {
		t.Error("a part of app.css is served beside it")
	}
}

// TestColoursCanBeRead holds each pair of text and ground against WCAG 2.2,
// 1.4.3: at least 4.5 to 1, in light and in dark.
func TestColoursCanBeRead(t *testing.T) {
	text, err := fs.ReadFile(files, "assets/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));`).FindAllStringSubmatch(string(text), -1) {
		colours[m[1]] = [2]string{m[2] + m[4], m[3] + m[4]}
	}
	pairs := [][2]string{{"accent-ink", "accent"}, {"accent", "accent-wash"}, {"stripe-ink", "stripe-2"}, {"card", "bad"}}
	for _, ground := range []string{"paper", "card", "hover"} {
		for _, ink := range []string{"ink", "soft", "faint", "accent", "bad"} {
			pairs = append(pairs, [2]string{ink, ground})
		}
	}
	for _, tone := range Tones() {
		pairs = append(pairs, [2]string{string(tone), string(tone) + "-wash"}, [2]string{"ink", string(tone) + "-wash"})
	}
	for _, p := range pairs {
		for mode, name := range []string{"light", "dark"} {
			ink, ground := colours[p[0]][mode], colours[p[1]][mode]
			if ink == "" || ground == "" {
				t.Fatalf("no colour for %s on %s", p[0], p[1])
			}
			if c := contrast(t, ink, ground); c < 4.5 {
				t.Errorf("%s on %s in %s: %.2f to 1, want 4.5", p[0], p[1], name, c)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is WCAG's relative luminance of a colour of sRGB.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
