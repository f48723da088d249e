package engine_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"penstock/engine"
	"penstock/engine/sim"
)

// TestABrandThatCannotBeReadIsRefused: whatever its colours, the amount stands
// out, and a logo is a picture and nothing else.
func TestABrandThatCannotBeReadIsRefused(t *testing.T) {
	k := newKit(t, sim.Config{})
	m, err := k.Engine.Merchant(k.Ctx, "shop")
	must(t, err)
	set := func(b engine.Brand) (*engine.Point, error) {
		return k.Engine.UpdatePoint(k.Ctx, k.me, m.Point, engine.PointEdit{Brand: &b}, nil)
	}
	big := 25
	for name, b := range map[string]engine.Brand{
		"grey on white": {Light: engine.BrandColour{Ink: "#777777"}}, "yellow links": {Light: engine.BrandColour{Accent: "#ffcc00"}}, "dark on dark": {Dark: engine.BrandColour{Accent: "#2b59c3"}},
		"no colour": {Light: engine.BrandColour{Accent: "red"}}, "a style": {Light: engine.BrandColour{Accent: "#fff;}x{"}}, "capitals": {Light: engine.BrandColour{Accent: "#2B59C3"}},
		"a corner": {Radius: &big}, "a control": {Name: "a\x00b"}, "an svg": {Logo: []byte("<svg onload=alert(1)>")},
	} {
		_, err := set(b)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		wantCode(t, err, engine.CodeInvalid)
	}
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	img.Set(1, 1, color.White)
	var raw bytes.Buffer
	must(t, png.Encode(&raw, img))
	p, err := set(engine.Brand{Name: "Nordwind", Light: engine.BrandColour{Accent: "#0b6b4f"}, Logo: append(raw.Bytes(), "<script>"...)})
	must(t, err)
	if bytes.Contains(p.Brand.Logo, []byte("<script>")) || p.Brand.Name != "Nordwind" {
		t.Errorf("the brand is kept as %+v", p.Brand)
	}
}

// TestInkIsReadOnEveryAccent tries every grey: one of the two inks always does.
func TestInkIsReadOnEveryAccent(t *testing.T) {
	for _, c := range []struct{ on, want string }{{"#ffffff", "#101114"}, {"#000000", "#ffffff"}, {"#2b59c3", "#ffffff"}, {"#ffcc00", "#101114"}} {
		if got := engine.InkOn(c.on); got != c.want {
			t.Errorf("on %s it is %s, want %s", c.on, got, c.want)
		}
	}
}
