package engine

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"penstock/engine/service"
)

// A payment token is a short-lived handle of a saved method. It is not stored:
// it carries the method's id and its own end, under a MAC that binds it to
// merchant, mode, customer and kind. So a list writes nothing, and a token
// can't outlive its time by a lost clean-up.
//
// token_ + base32(method id 16 | expiry, Unix seconds 8 | nonce 8 | MAC 16)
const tokenBytes = 16 + 8 + 8 + 16

func (e *Engine) tokenMAC(s Scope, m *Method, body []byte) ([]byte, error) {
	mac, err := e.Locker.MAC("payment_token", []byte(s.Merchant), []byte(s.Mode), []byte(m.Customer), []byte(m.Kind), body)
	if err != nil {
		return nil, sealError("sign payment token", err)
	}
	return mac[:16], nil
}

// MintToken makes a payment token of a saved method that lives so long; zero:
// as long as the settings say.
func (e *Engine) MintToken(s Scope, m *Method, life time.Duration) (string, error) {
	now, _ := e.pulse.now()
	if life == 0 {
		life = e.Timing.TokenTTL
	}
	id, err := decodeID(strings.TrimPrefix(m.ID, PrefixMethod))
	if err != nil {
		return "", fmt.Errorf("mint a token of method %s: %w", m.ID, err)
	}
	b := make([]byte, 0, tokenBytes)
	b = append(b, id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(now.Add(life).Unix()))
	b = b[:len(b)+8]
	if _, err := io.ReadFull(e.Rand, b[24:32]); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	mac, err := e.tokenMAC(s, m, b)
	if err != nil {
		return "", err
	}
	return PrefixToken + crockford.EncodeToString(append(b, mac...)), nil
}

var errToken = &Error{Code: CodeToken, Field: "payout_token", Message: "the payment token is wrong or has expired", Hint: "list the customer's payment methods for a new one"}

// readToken takes a token apart: the method that it names, and its bytes,
// which nobody has verified.
func readToken(token string) (method string, raw []byte, ok bool) {
	text, ok := strings.CutPrefix(token, PrefixToken)
	raw, err := crockford.DecodeString(text)
	if !ok || err != nil || len(raw) != tokenBytes || crockford.EncodeToString(raw) != text {
		return "", nil, false
	}
	return PrefixMethod + encodeID([16]byte(raw)), raw, true
}

// checkToken verifies a token of a method, whatever customer that is of; the
// caller compares. A token that doesn't verify, has expired, or names a method
// of another kind is CodeToken.
func (e *Engine) checkToken(s Scope, token string, kind service.Kind, m *Method) error {
	_, raw, ok := readToken(token)
	if !ok {
		return errToken
	}
	mac, err := e.tokenMAC(s, m, raw[:32])
	if err != nil {
		return err
	}
	now, _ := e.pulse.now()
	ends := time.Unix(int64(binary.BigEndian.Uint64(raw[16:])), 0)
	if subtle.ConstantTimeCompare(mac, raw[32:]) != 1 || !now.Before(ends) || m.Kind != kind || m.Waiting {
		return errToken
	}
	return nil
}
