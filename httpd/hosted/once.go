package hosted

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

// createOp is the operation that idempotency keys of creates belong to: of the
// merchant and mode, not of the token, so that one that was rotated still
// finds what the one before it made.
const createOp = "POST /api/payments"

// once are the names that a create goes by. They are looked for in this order:
// the key, the merchant's own id, and, where neither says that this is another
// payment, what the body says.
func (a *API) once(key string, n *newPayment) *engine.Once {
	var names []*engine.Once
	tag := ""
	if key != "" {
		names = append(names, &engine.Once{Op: createOp, Key: key})
	}
	byID := n.externalID != nil && a.Settings.ExternalIDUnique
	if byID {
		names = append(names, &engine.Once{Op: createOp + " externalId", Key: n.kind() + " " + *n.externalID, Taken: idTaken})
		tag = "externalId " + *n.externalID
	}
	if window := a.Settings.BodyWindow; window != 0 && !byID {
		body := sha256.Sum256(n.print[:]) // never the fingerprint itself, which is compared
		names = append(names, &engine.Once{Op: createOp + " body", Key: hex.EncodeToString(body[:]), Within: max(window, 0), Mute: key != ""})
	}
	if len(names) == 0 {
		return nil
	}
	for i, o := range names {
		o.Fingerprint = n.print
		if i > 0 {
			names[i-1].Also = o
		}
	}
	names[0].Tag = tag
	names[0].Render = func(result any) ([]byte, error) {
		if p, in := result.(*engine.Payment); in {
			return wire.Encode(createdIn(incomingOf(p), a.PublicURL))
		}
		return wire.Encode(a.makeCreated(&result.(*engine.View).Request))
	}
	return names[0]
}

// kind is the payment's type.
func (n *newPayment) kind() string {
	if n.in {
		return "payin"
	}
	return "payout"
}

// idTaken refuses another payment under an id of the merchant's own.
func idTaken(subject string) error {
	id := prefix + strings.TrimPrefix(subject, prefix)
	p := refuse(409, "external_id_conflict", "The externalId is taken", "externalId was used for another payment, "+id+": send the same body to get it again, or another externalId for another payment")
	p.ID = id
	p.Errors = []fieldError{{"#/externalId", "was used for another payment"}}
	return p
}
