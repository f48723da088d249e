package engine

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/service"
)

// noSecurityCode refuses JSON that has a member named like a card security
// code, at any depth: what merchants add to a record is stored, and such codes
// never are (PCI DSS 3.3.1). Text that is no JSON is the decoder's business.
func noSecurityCode(texts ...[]byte) error {
	for _, text := range texts {
		if len(text) == 0 {
			continue
		}
		d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
		for {
			t, err := d.ReadToken()
			if err != nil {
				break
			}
			kind, n := d.StackIndex(d.StackDepth())
			if kind == '{' && n%2 == 1 && t.Kind() == '"' && service.SecurityCode(t.String()) {
				return invalid(t.String(), "card security codes are never stored and must not be sent for a payout")
			}
		}
	}
	return nil
}
