package engine

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

// Requests and deliveries, of which there are most, are stored as MessagePack, by
// code that msgp generates of their types: a payout is read and written some ten
// times on its way, and reflection over JSON cost a third of the work. The names
// in a record are those of its JSON, the form of stores of format 4 and before;
// that is read as well, and told by its first byte.

//go:generate go tool msgp -io=false -tests=false -unexported -file packed.go
//msgp:tag json
//msgp:timezone utc
//msgp:newtime
//msgp:limit arrays:1048576 maps:1048576
//msgp:shim payout.Stage as:string using:string/payout.Stage
//msgp:shim jsontext.Value as:[]byte using:[]byte/jsontext.Value
//msgp:shim Pricing as:string using:inJSON/ofJSON[Pricing] mode:convert
//msgp:shim payout.Status as:string using:string/payout.Status

// isJSON says that a record is of the older form. No map of MessagePack begins so.
func isJSON(record []byte) bool { return len(record) > 0 && record[0] == '{' }

// inJSON and ofJSON are the form of those members of a record that are rare and
// whose packages know nothing of how they are stored.
func inJSON[T any](v T) (string, error) {
	raw, err := json.Marshal(v, codec)
	return string(raw), err
}

func ofJSON[T any](raw string) (v T, err error) {
	err = json.Unmarshal([]byte(raw), &v, codec)
	return v, err
}

// stored is a Choice as a record keeps it. Its decision is read by nobody but
// who asks why, so it is not decoded with the record.
type stored struct {
	On       int            `json:"on,omitempty"`
	At       time.Time      `json:"at"`
	Rate     *Pricing       `json:"rate,omitempty"`
	Decision jsontext.Value `json:"decision"`
}

// brief is what of a request counts are made of, and how far its payouts are;
// the names are Request's.
type brief struct {
	ID         string       `json:"id"`
	Stage      payout.Stage `json:"stage"`
	Amount     money.Amount `json:"amount"`
	Provider   string       `json:"provider"`
	Created    time.Time    `json:"created"`
	Changed    time.Time    `json:"changed"`
	Moderation string       `json:"moderation"`
	Payouts    []struct {
		Status payout.Status `json:"status"`
	} `json:"payouts"`
}

// briefOf reads that much of a request.
func briefOf(tx store.Tx, s Scope, id string) (*brief, error) {
	record, err := requestRecord(tx, s, id)
	if err != nil {
		return nil, err
	}
	return decode[brief](bucketRequest, record)
}

func (b *brief) request() *Request {
	r := &Request{ID: b.ID, Stage: b.Stage, Amount: b.Amount, Provider: b.Provider, Created: b.Created, Changed: b.Changed, Moderation: b.Moderation}
	for _, p := range b.Payouts {
		r.Payouts = append(r.Payouts, payout.Payout{Status: p.Status})
	}
	return r
}

// unpack reads a record of MessagePack, all of it. It is walked through first, so
// that no number in it which is wrong makes room for what is not there.
func unpack(raw []byte, into msgp.Unmarshaler) error {
	rest, err := msgp.Skip(raw)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the record", len(rest))
	}
	if err == nil {
		_, err = into.UnmarshalMsg(raw)
	}
	return err
}
