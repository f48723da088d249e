package sim

import (
	"fmt"
	"hash/crc32"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/tinylib/msgp/msgp"

	"penstock/engine"
	"penstock/store"
)

// inOlderForm is a store that an older penstock has worked on, and still does:
// about half of what is written of requests and deliveries is written as JSON.
// Which half is told by the record's bytes, so a world's story stays its own.
func inOlderForm(s store.Store) store.Store {
	return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
		return meddled{Tx: tx, put: func(bucket string, key, value []byte) (err error) {
			if crc32.ChecksumIEEE(value)%2 == 0 {
				switch bucket {
				case "request":
					value, err = asJSON(value, new(engine.Request))
				case "delivery":
					value, err = asJSON(value, new(engine.Delivery))
				}
			}
			if err != nil {
				return err
			}
			return tx.Put(bucket, key, value)
		}}
	}}
}

// asJSON is the older form of a record, unless it is something else, such as
// the place of what is archived.
func asJSON(value []byte, record msgp.Unmarshaler) ([]byte, error) {
	if msgp.NextType(value) != msgp.MapType {
		return value, nil
	}
	if _, err := record.UnmarshalMsg(value); err != nil {
		return nil, fmt.Errorf("sim: read a record: %w", err)
	}
	return json.Marshal(record, json.Deterministic(true), jsonv1.FormatDurationAsNano(true))
}
