package engine

import (
	"penstock/store"
)

func (k *check) deliveries(tx store.Tx) error {
	return scoped(k, tx, bucketDelivery, func(s Scope, id string, d *Delivery) error {
		if !d.Due.IsZero() {
			k.rows.ask(bucketDue, dueKey(d.Due, dueDelivery, s, id), "")
		}
		if (d.State == Waiting) == d.Due.IsZero() {
			k.found("delivery %s is %s and due %v", id, d.State, d.Due)
		}
		if err := k.toldOnce(tx, s, id, d); err != nil {
			return err
		}
		k.sealedValue("delivery "+id, func() error { return k.opens(d.owner(s), d.place(), d.Sealed) })
		if d.Request != "" {
			if r, err := loadRequest(tx, s, d.Request); err != nil || !isTold(r.Told, d.Type, d.Endpoint, "") {
				k.found("delivery %s tells of a request that does not know of it", id)
			}
		}
		if d.Payment != "" {
			if err := paymentTold(tx, s, d); err != nil {
				k.found("delivery %s tells of %v", id, err)
			}
		}
		return nil
	})
}

// tellings are the deliveries by message and endpoint. A delivery is made in the
// same millisecond as its message, and the ids of both begin with it: so those of
// one message lie together, and only those of one millisecond are kept at a time.
type tellings struct {
	at   string            // scope and millisecond of those in seen
	seen map[string]string // message and endpoint -> delivery
	// stray are those of another millisecond than their message. The engine makes
	// none: there are as many as some harm has left.
	stray map[string]string
}

func newTellings() *tellings { return &tellings{seen: map[string]string{}, stray: map[string]string{}} }

// idTime is how many characters at an id's beginning are its millisecond.
const idTime = 10

// madeIn is the millisecond of an id as it is written there; empty: it is none.
func madeIn(prefix, id string) string {
	if id, ok := isID(prefix, id); ok {
		return id[:idTime]
	}
	return ""
}

// toldOnce holds that one message goes to one endpoint by one delivery.
func (k *check) toldOnce(tx store.Tx, s Scope, id string, d *Delivery) error {
	both := func(a, b string) {
		k.found("deliveries %s and %s bear one message id to one endpoint", min(a, b), max(a, b))
	}
	of := d.Message + "|" + d.Endpoint
	made, message := madeIn(PrefixDelivery, id), madeIn(PrefixMessage, d.Message)
	if made == message {
		if at := string(s.key(made)); at != k.told.at {
			k.told.at = at
			clear(k.told.seen)
		}
		if other, ok := k.told.seen[of]; ok {
			both(other, id)
		}
		k.told.seen[of] = id
		return nil
	}
	other, ok := k.told.stray[of]
	k.told.stray[of] = id
	if ok {
		both(other, id)
		return nil
	}
	if message == "" {
		return nil
	}
	return each(tx, bucketDelivery, s.key(PrefixDelivery+message), func(p store.Pair) error {
		other := string(p.Key[len(s.prefix()):])
		if o, err := decode[Delivery](bucketDelivery, p.Value); err == nil && other != id && o.Message == d.Message && o.Endpoint == d.Endpoint {
			both(other, id)
		}
		return nil
	})
}
