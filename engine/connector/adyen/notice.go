package adyen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"penstock/engine/connector"
)

// maxNotice bounds a notification; Adyen's have a few KiB.
const maxNotice = 256 << 10

var errMode = errors.New("is of the other mode")

// Notification reads a webhook about a transfer, signed with the webhook's HMAC
// key over the raw body.
func (c *client) Notification(header http.Header, body []byte) (connector.Notice, error) {
	if len(c.sign) == 0 || len(body) > maxNotice || !signed(c.sign, header.Values("HmacSignature"), body) {
		return connector.Notice{}, connector.ErrSignature
	}
	note, err := c.told(body)
	if err != nil {
		return connector.Notice{}, fmt.Errorf("adyen: notification: %w", err)
	}
	note.Outcome = note.Outcome.Scrub(c.secrets())
	return note, nil
}

func signed(key []byte, values []string, body []byte) bool {
	if len(values) != 1 || len(values[0]) > 256 {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(values[0])
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return err == nil && hmac.Equal(sig, mac.Sum(nil))
}

// told reads an event. What comes in, and what leaves another balance account,
// isn't about a payout of ours.
func (c *client) told(body []byte) (connector.Notice, error) {
	var kind struct {
		Type        string `json:"type"`
		Environment string `json:"environment"`
	}
	if err := connector.ReadJSON(body, &kind); err != nil {
		return connector.Notice{}, err
	}
	mode := "test"
	if c.live {
		mode = "live"
	}
	switch {
	case kind.Type == "" || kind.Environment == "":
		return connector.Notice{}, errAnswer
	case kind.Type != "balancePlatform.transfer.created" && kind.Type != "balancePlatform.transfer.updated":
		return connector.Notice{}, connector.ErrNotOurs
	case kind.Environment != mode:
		return connector.Notice{}, errMode
	}
	var e struct {
		Data transfer `json:"data"`
	}
	if err := connector.ReadJSON(body, &e); err != nil {
		return connector.Notice{}, err
	}
	t := e.Data
	switch {
	case t.Direction == "incoming", t.Account.ID != "" && t.Account.ID != c.account:
		return connector.Notice{}, connector.ErrNotOurs
	case t.Direction != "outgoing" || t.Account.ID == "":
		return connector.Notice{}, errAnswer
	case !wellKey(t.Reference):
		return connector.Notice{}, connector.ErrNotOurs
	}
	out, err := t.outcome(ordered{key: t.Reference})
	if err != nil {
		return connector.Notice{}, err
	}
	return connector.Notice{Key: t.Reference, Outcome: out}, nil
}
