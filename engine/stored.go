package engine

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/tinylib/msgp/msgp"

	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// What can be read of a request's record as it is stored, in its form and in the
// older one, JSON: see packed.go.

// requestRecord is a request as it is stored.
func requestRecord(tx store.Tx, s Scope, id string) ([]byte, error) {
	raw, err := tx.Get(bucketRequest, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjPayout, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", bucketRequest, err)
	}
	return raw, nil
}

// stageOf is the stage in a record.
func stageOf(record []byte) payout.Stage { return payout.Stage(memberOf(record, "stage")) }

// Stand is where a request stands: its stage, and whether it is a draft that has
// no details yet.
type Stand struct {
	Stage payout.Stage
	Bare  bool
}

// Stand is where the request stands.
func (r *Request) Stand() Stand { return Stand{r.Stage, r.Stage == payout.Draft && r.Sealed == nil} }

func standOf(record []byte) Stand {
	stage := stageOf(record)
	return Stand{stage, stage == payout.Draft && !hasDetails(record)}
}

func hasDetails(record []byte) bool {
	if isJSON(record) {
		return bytes.Contains(record, []byte(`"sealed":"`))
	}
	return len(msgp.Locate("sealed", record)) > 0
}

// memberOf is a member of a record that holds text, nil where there is none. In
// the older form it is the first of that name at any depth; what stands before
// those that are asked for has no text inside that looks like one: quotes are
// escaped.
func memberOf(record []byte, name string) []byte {
	if !isJSON(record) {
		return packedText(msgp.Locate(name, record))
	}
	name = `"` + name + `":"`
	at := bytes.Index(record, []byte(name))
	if at < 0 {
		return nil
	}
	value := record[at+len(name):]
	return value[:max(bytes.IndexByte(value, '"'), 0)]
}

// packedText is what a packed text says; nil where there is none.
func packedText(packed []byte) []byte {
	text, _, err := msgp.ReadStringZC(packed)
	if err != nil {
		return nil
	}
	return text
}

// currencyOf is the code of the amount's currency in a record.
func currencyOf(record []byte) []byte {
	if isJSON(record) {
		return memberOf(record, "currency")
	}
	n, rest, err := msgp.ReadArrayHeaderBytes(msgp.Locate("amount", record))
	if err == nil && n == 2 {
		rest, err = msgp.Skip(rest)
	}
	if err != nil || n != 2 {
		return nil
	}
	return packedText(rest)
}

// storedKind is the kind in a record; false where there is none yet. In the older
// form it stands before the form, where details, which may hold a kind too, do not.
func storedKind(record []byte) (k service.Kind, known bool) {
	if !isJSON(record) {
		k = service.Kind(memberOf(record, "kind"))
		return k, k != ""
	}
	const name, next = `"kind":"`, `","form":"`
	end := bytes.Index(record, []byte(next))
	at := bytes.LastIndex(record[:max(end, 0)], []byte(name))
	if at < 0 || bytes.IndexByte(record[at+len(name):end], '"') >= 0 {
		return "", false
	}
	return service.Kind(record[at+len(name) : end]), true
}

// isOfProvider says whether the request is one of these providers'; known is
// false where the older form leaves that open, in which a payout's provider has
// the same name as the request's.
func isOfProvider(record []byte, names []string) (is, known bool) {
	if !isJSON(record) {
		return slices.Contains(names, string(memberOf(record, "provider"))), true
	}
	return false, !slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(record, []byte(`"provider":"`+name+`"`)) })
}

// isUntried says of a delivery's record that its first attempt is still to come.
func isUntried(record []byte) (bool, error) {
	if !isJSON(record) {
		return len(msgp.Locate("tries", record)) == 0 && string(memberOf(record, "state")) == Waiting, nil
	}
	d, err := decode[Delivery](bucketDelivery, record)
	return err == nil && d.Tries == 0 && d.State == Waiting, err
}
