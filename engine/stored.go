package engine

import (
	"bytes"
	"errors"
	"fmt"

	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// What can be read of a request's record as it is stored. What stands before
// these members has no text inside that looks like one: quotes are escaped.

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
	return Stand{stage, stage == payout.Draft && !bytes.Contains(record, []byte(`"sealed":"`))}
}

// memberOf is a member of a record that holds text: the first of that name, nil
// where there is none.
func memberOf(record []byte, name string) []byte {
	name = `"` + name + `":"`
	at := bytes.Index(record, []byte(name))
	if at < 0 {
		return nil
	}
	value := record[at+len(name):]
	return value[:max(bytes.IndexByte(value, '"'), 0)]
}

// storedKind is the kind in a record, which stands before the form; false
// where there is none yet.
func storedKind(record []byte) (k service.Kind, known bool) {
	const name, next = `"kind":"`, `","form":"`
	end := bytes.Index(record, []byte(next))
	at := bytes.LastIndex(record[:max(end, 0)], []byte(name))
	if at < 0 || bytes.IndexByte(record[at+len(name):end], '"') >= 0 {
		return "", false
	}
	return service.Kind(record[at+len(name) : end]), true
}
