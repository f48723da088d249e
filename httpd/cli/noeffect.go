package cli

import "fmt"

// noEffect says which keys were set although nothing in this version goes by
// them, so that nobody relies on a promise that is not kept.
func (c Config) noEffect() []string {
	d := defaults()
	var out []string
	for _, k := range []struct {
		key string
		set bool
	}{
		{"hosted.link_lifetime", c.Hosted.LinkLifetime != d.Hosted.LinkLifetime},
		{"hosted.redirect_parameter", c.Hosted.RedirectParameter != d.Hosted.RedirectParameter},
		{"hosted.signature_header", c.Hosted.SignatureHeader != d.Hosted.SignatureHeader},
		{"webhooks.max_body", c.Webhooks.MaxBody != d.Webhooks.MaxBody},
	} {
		if k.set {
			out = append(out, fmt.Sprintf("%s has no effect in this version", k.key))
		}
	}
	return out
}
