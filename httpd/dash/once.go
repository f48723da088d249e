package dash

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"penstock/engine"
	"penstock/httpd/ui"
)

// onceField is the hidden field that makes a form harmless to send twice: its
// key is drawn when the page is made.
func (d *Dash) onceField(f form) (ui.Field, error) {
	key := f.text("key")
	if len(key) != 32 {
		raw := make([]byte, 24)
		if _, err := io.ReadFull(d.Random, raw); err != nil {
			return ui.Field{}, fmt.Errorf("draw a form's key: %w", err)
		}
		key = base64.RawURLEncoding.EncodeToString(raw)
	}
	return ui.Field{Name: "key", Type: "hidden", Value: key}, nil
}

// once is the promise of a form's key. The same key with other values is
// refused by the engine; a form without one does nothing.
func (v *visit) once(op string) (*engine.Once, error) {
	key := v.form.text("key")
	if len(key) != 32 {
		return nil, errForm
	}
	values := v.form.Values
	values.Del("csrf") // it belongs to the session, not to what is wanted
	return &engine.Once{Op: "dashboard " + op, Key: key, Fingerprint: sha256.Sum256([]byte(values.Encode()))}, nil
}
