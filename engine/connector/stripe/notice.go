package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"penstock/engine/connector"
)

// maxNotice bounds a notification; Stripe's have a few KiB.
const maxNotice = 256 << 10

// Notification reads one of Stripe's events, signed with the endpoint's
// secret. The signature's time is not judged: a status that is told again is
// harmless, and a clock that is wrong would otherwise refuse them all.
func (a *account) Notification(header http.Header, body []byte) (connector.Notice, error) {
	if a.secret == "" || len(body) > maxNotice || !signed(a.secret, header.Values("Stripe-Signature"), body) {
		return connector.Notice{}, connector.ErrSignature
	}
	note, err := a.told(body)
	if err != nil {
		return connector.Notice{}, fmt.Errorf("stripe: notification: %w", err)
	}
	note.Outcome = note.Outcome.Scrub(a.secrets())
	return note, nil
}

// signed says whether the one signature header names a right v1: HMAC-SHA256,
// in hex, of time, dot and body.
func signed(secret string, headers []string, body []byte) bool {
	if len(headers) != 1 || len(headers[0]) > 4096 {
		return false
	}
	at := ""
	var signatures [][]byte
	for part := range strings.SplitSeq(headers[0], ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			at = value
		case "v1":
			if sig, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, sig)
			}
		}
	}
	if at == "" || strings.Trim(at, "0123456789") != "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	want, right := mac.Sum(nil), false
	for _, sig := range signatures {
		right = hmac.Equal(sig, want) || right
	}
	return right
}

var errMode = errors.New("is of the other mode")

// told reads an event. Only one about a transfer or a payout that bears a key
// of ours is about a payout.
func (a *account) told(body []byte) (connector.Notice, error) {
	var e struct {
		Object  string           `json:"object"`
		Type    string           `json:"type"`
		Account string           `json:"account"` // the connected account that it happened at
		Created connector.Number `json:"created"`
		Live    *bool            `json:"livemode"`
		Data    struct {
			Object thing `json:"object"`
		} `json:"data"`
	}
	// Other events have objects of other shapes, so the type is read by itself.
	var kind struct {
		Object string `json:"object"`
		Type   string `json:"type"`
	}
	if err := connector.ReadJSON(body, &kind); err != nil {
		return connector.Notice{}, err
	}
	if kind.Object != "event" || kind.Type == "" {
		return connector.Notice{}, errAnswer
	}
	if !strings.HasPrefix(kind.Type, "payout.") && !strings.HasPrefix(kind.Type, "transfer.") {
		return connector.Notice{}, connector.ErrNotOurs
	}
	if err := connector.ReadJSON(body, &e); err != nil {
		return connector.Notice{}, err
	}
	seconds, err := strconv.ParseInt(string(e.Created), 10, 64)
	t := e.Data.Object
	switch {
	case err != nil || e.Live == nil || t.Object != strings.SplitN(e.Type, ".", 2)[0]:
		return connector.Notice{}, errAnswer
	case *e.Live != a.live:
		return connector.Notice{}, errMode
	case t.Metadata[keyName] == "":
		return connector.Notice{}, connector.ErrNotOurs
	case connector.Ref(t.Metadata[keyName]) == "" || e.Account != "" && !name(e.Account, "acct_"):
		return connector.Notice{}, errAnswer
	}
	account := e.Account
	if t.Object == "transfer" {
		account = "" // it is the platform's, whoever is told of it
	}
	out, err := t.outcome(account, time.Unix(seconds, 0))
	if err != nil {
		return connector.Notice{}, err
	}
	return connector.Notice{Key: t.Metadata[keyName], Outcome: out}, nil
}
