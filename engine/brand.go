package engine

import (
	"bytes"
	"cmp"
	"image"
	_ "image/jpeg" // logos come as JPEG too
	"image/png"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brand is how the recipient's page looks at a payout point. It is made of
// tokens, not of style sheets: whatever they say, the amount can be read and
// nothing is loaded from elsewhere. An empty field is the page's own.
type Brand struct {
	Name   string      `json:"name,omitzero"` // who pays, as the recipient knows them
	Light  BrandColour `json:"light,omitzero"`
	Dark   BrandColour `json:"dark,omitzero"`
	Radius *int        `json:"radius,omitzero"` // of corners, in pixels, 0 to 24
	Serif  bool        `json:"serif,omitzero"`
	Logo   []byte      `json:"logo,omitzero"` // PNG, made anew from what was given
}

// BrandColour are three of the page's colours, each as #rrggbb.
type BrandColour struct {
	Accent string `json:"accent,omitzero"` // of buttons and links
	Paper  string `json:"paper,omitzero"`  // of what is written on
	Ink    string `json:"ink,omitzero"`    // of what is written
}

// Bounds of a logo.
const (
	maxLogo     = 200 << 10
	maxLogoSide = 1024
)

// Colours that stand where a brand has none; the page's style says the same.
var (
	lightColour = BrandColour{"#2b59c3", "#ffffff", "#191d24"}
	darkColour  = BrandColour{"#8cabf7", "#1a1d21", "#e8eaee"}
)

// clean checks a brand and makes its logo anew.
func (b *Brand) clean() error {
	if utf8.RuneCountInString(b.Name) > 64 || strings.ContainsFunc(b.Name, unicode.IsControl) {
		return invalid("brand.name", "a name has at most 64 characters")
	}
	if b.Radius != nil && (*b.Radius < 0 || *b.Radius > 24) {
		return invalid("brand.radius", "a radius is from 0 to 24 pixels")
	}
	if err := b.Light.check("brand.light", false); err != nil {
		return err
	}
	if err := b.Dark.check("brand.dark", true); err != nil {
		return err
	}
	return b.cleanLogo()
}

// Filled is the colours with the page's own where there are none.
func (c BrandColour) Filled(dark bool) BrandColour {
	own := lightColour
	if dark {
		own = darkColour
	}
	return BrandColour{cmp.Or(c.Accent, own.Accent), cmp.Or(c.Paper, own.Paper), cmp.Or(c.Ink, own.Ink)}
}

// check wants what is read to stand out from what it is written on by 4.5 to 1
// (WCAG 2.2, 1.4.3).
func (c BrandColour) check(field string, dark bool) error {
	c = c.Filled(dark)
	for name, v := range map[string]string{"accent": c.Accent, "paper": c.Paper, "ink": c.Ink} {
		if _, ok := luminance(v); !ok {
			return invalid(field+"."+name, "a colour is # and six hexadecimal digits, such as #2b59c3")
		}
	}
	for name, v := range map[string]string{"ink": c.Ink, "accent": c.Accent} {
		if !readable(v, c.Paper) {
			return invalid(field+"."+name, "it stands out from the paper by less than 4.5 to 1, so it can't be read well")
		}
	}
	return nil
}

// WithAccent is the brand with another colour of buttons and links, wherever it
// can be read.
func (b Brand) WithAccent(colour string) Brand {
	colour = strings.ToLower(colour)
	for dark, c := range map[bool]*BrandColour{false: &b.Light, true: &b.Dark} {
		next := *c
		if next.Accent = colour; next.check("", dark) == nil {
			*c = next
		}
	}
	return b
}

// InkOn is black or white, whichever is read better on a colour. One of the
// two always stands out by 4.5 to 1.
func InkOn(colour string) string {
	if readable("#ffffff", colour) {
		return "#ffffff"
	}
	return "#101114"
}

func readable(a, b string) bool {
	x, _ := luminance(a)
	y, _ := luminance(b)
	return (max(x, y)+50_000)*10 >= 45*(min(x, y)+50_000)
}

// luminance is the relative luminance of a colour (WCAG 2.2) in millionths.
func luminance(colour string) (int, bool) {
	if len(colour) != 7 || colour[0] != '#' {
		return 0, false
	}
	var rgb [3]int
	for i := range rgb {
		for _, c := range []byte(colour[1+2*i : 3+2*i]) {
			at := strings.IndexByte("0123456789abcdef", c)
			if at < 0 {
				return 0, false
			}
			rgb[i] = rgb[i]*16 + at
		}
	}
	return (2126*linear[rgb[0]] + 7152*linear[rgb[1]] + 722*linear[rgb[2]]) / 10_000, true
}

// cleanLogo reads the logo and writes it anew, so that what is served is a
// picture and nothing else.
func (b *Brand) cleanLogo() error {
	if len(b.Logo) == 0 {
		b.Logo = nil
		return nil
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(b.Logo))
	if err != nil || len(b.Logo) > maxLogo || size.Width > maxLogoSide || size.Height > maxLogoSide {
		return invalid("brand.logo", "a logo is a PNG or JPEG of at most 200 KiB and 1024 pixels a side")
	}
	img, _, err := image.Decode(bytes.NewReader(b.Logo))
	if err != nil {
		return invalid("brand.logo", "the logo can't be read as a picture")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil || out.Len() > maxLogo {
		return invalid("brand.logo", "the logo has more than 200 KiB as a PNG")
	}
	b.Logo = out.Bytes()
	return nil
}

// linear is the light of each value of a channel of sRGB, in millionths
// (IEC 61966-2-1).
var linear = [256]int{
	0, 304, 607, 911, 1214, 1518, 1821, 2125, 2428, 2732, 3035, 3347, 3677, 4025, 4391, 4777,
	5182, 5605, 6049, 6512, 6995, 7499, 8023, 8568, 9134, 9721, 10330, 10960, 11612, 12286, 12983, 13702,
	14444, 15209, 15996, 16807, 17642, 18500, 19382, 20289, 21219, 22174, 23153, 24158, 25187, 26241, 27321, 28426,
	29557, 30713, 31896, 33105, 34340, 35601, 36889, 38204, 39546, 40915, 42311, 43735, 45186, 46665, 48172, 49707,
	51269, 52861, 54480, 56128, 57805, 59511, 61246, 63010, 64803, 66626, 68478, 70360, 72272, 74214, 76185, 78187,
	80220, 82283, 84376, 86500, 88656, 90842, 93059, 95307, 97587, 99899, 102242, 104616, 107023, 109462, 111932, 114435,
	116971, 119538, 122139, 124772, 127438, 130136, 132868, 135633, 138432, 141263, 144128, 147027, 149960, 152926, 155926, 158961,
	162029, 165132, 168269, 171441, 174647, 177888, 181164, 184475, 187821, 191202, 194618, 198069, 201556, 205079, 208637, 212231,
	215861, 219526, 223228, 226966, 230740, 234551, 238398, 242281, 246201, 250158, 254152, 258183, 262251, 266356, 270498, 274677,
	278894, 283149, 287441, 291771, 296138, 300544, 304987, 309469, 313989, 318547, 323143, 327778, 332452, 337164, 341914, 346704,
	351533, 356400, 361307, 366253, 371238, 376262, 381326, 386429, 391572, 396755, 401978, 407240, 412543, 417885, 423268, 428690,
	434154, 439657, 445201, 450786, 456411, 462077, 467784, 473531, 479320, 485150, 491021, 496933, 502886, 508881, 514918, 520996,
	527115, 533276, 539479, 545724, 552011, 558340, 564712, 571125, 577580, 584078, 590619, 597202, 603827, 610496, 617207, 623960,
	630757, 637597, 644480, 651406, 658375, 665387, 672443, 679542, 686685, 693872, 701102, 708376, 715694, 723055, 730461, 737910,
	745404, 752942, 760525, 768151, 775822, 783538, 791298, 799103, 806952, 814847, 822786, 830770, 838799, 846873, 854993, 863157,
	871367, 879622, 887923, 896269, 904661, 913099, 921582, 930111, 938686, 947307, 955973, 964686, 973445, 982251, 991102, 1000000,
}
