package hosted

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// catalogue is one language: what the page says, by key. Words in braces, as
// {merchant}, are filled in.
type catalogue map[string]string

// languages are those of the page, as it offers them.
func languages() []string { return []string{"en", "fr", "de", "es", "sw", "ar"} }

// leftward says that a language is written from the right to the left.
func leftward(lang string) bool { return lang == "ar" }

func readCatalogues() (map[string]catalogue, error) {
	out := map[string]catalogue{}
	for _, lang := range languages() {
		raw, err := fs.ReadFile(files, "lang/"+lang+".json")
		if err != nil {
			return nil, fmt.Errorf("hosted: %w", err)
		}
		c := catalogue{}
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, fmt.Errorf("hosted: lang/%s.json: %w", lang, err)
		}
		out[lang] = c
	}
	return out, nil
}

// say is the text of a key with its words filled in, given as name and value
// in turn. A key that isn't there shows itself; a test holds the catalogues
// whole.
func (c catalogue) say(key string, fill ...string) string {
	text, ok := c[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(fill); i += 2 {
		fill[i] = "{" + fill[i] + "}"
	}
	return strings.NewReplacer(fill...).Replace(text)
}

// speak chooses the language: what was asked for, or what the merchant knows
// of the recipient, or what the browser wants.
func speak(asked, locale, accept string) string {
	for _, want := range append([]string{asked, locale}, accepted(accept)...) {
		base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(want), "_", "-")), "-")
		if slices.Contains(languages(), base) {
			return base
		}
	}
	return "en"
}

// accepted are the languages of an Accept-Language, the most wanted first
// (RFC 9110, 12.5.4).
func accepted(header string) []string {
	type wish struct {
		lang   string
		weight int // in thousandths
	}
	var all []wish
	for part := range strings.SplitSeq(header, ",") {
		lang, params, _ := strings.Cut(part, ";")
		w := wish{strings.TrimSpace(lang), 1000}
		if _, q, ok := strings.Cut(params, "q="); ok {
			w.weight = thousandths(strings.TrimSpace(q))
		}
		if w.lang != "" && w.weight > 0 && len(all) < 32 {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b wish) int { return b.weight - a.weight })
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = w.lang
	}
	return out
}

// thousandths reads 0 to 1 with at most three decimals; 0 for anything else.
func thousandths(s string) int {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "1" {
		return 1000
	}
	n := 0
	for i := range 3 {
		n *= 10
		if i < len(fraction) {
			if fraction[i] < '0' || fraction[i] > '9' {
				return 0
			}
			n += int(fraction[i] - '0')
		}
	}
	return n
}
