package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"penstock/store"
)

// Settings are what a merchant arranges before paying: payout points, provider
// accounts, deposit accounts, routes, schemes. They change seldom and are read
// by every payout, so a scope bears a mark that each change draws anew, and
// what was read under one mark is good as long as it stands (catalog.go).

// settingsMark is drawn at random, never counted: a change that did not commit
// leaves no mark that a later one could bear again.
const settingsMark = "settings"

func settingsKey(s Scope) []byte { return s.appendPrefix([]byte(settingsMark+"\x00"), 0) }

// alter carries out a command on a scope's settings, which the next payout
// sees.
func (e *Engine) alter(ctx context.Context, c Caller, once *Once, action string, fn func(tx store.Tx, now time.Time) (object string, result any, err error)) error {
	return e.command(ctx, c, once, action, func(tx store.Tx, now time.Time) (string, any, error) {
		object, result, err := fn(tx, now)
		if err == nil {
			err = e.markSettings(tx, c.Scope)
		}
		return object, result, err
	})
}

func (e *Engine) markSettings(tx store.Tx, s Scope) error {
	mark := make([]byte, 8)
	if _, err := io.ReadFull(e.Rand, mark); err != nil {
		return fmt.Errorf("draw a settings mark: %w", err)
	}
	if err := tx.Put(bucketMeta, settingsKey(s), mark); err != nil {
		return fmt.Errorf("mark the settings: %w", err)
	}
	return nil
}

// command carries out what a caller wants: harmless to repeat under once, and
// audited. fn names what it touched.
func (e *Engine) command(ctx context.Context, c Caller, once *Once, action string, fn func(tx store.Tx, now time.Time) (object string, result any, err error)) error {
	if err := e.keyedAll(c.Scope, once); err != nil {
		return err
	}
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		if done, err := e.replay(tx, c.Scope, once); done || err != nil {
			return err
		}
		object, result, err := fn(tx, now)
		if err != nil {
			return err
		}
		if err := c.act(tx, now, action, object); err != nil {
			return err
		}
		return once.record(tx, c.Scope, now, object, result)
	})
}

// find reads a record of a scope by an id that a caller gave.
func find[T any](tx store.Tx, bucket string, o Object, s Scope, id string) (*T, error) {
	if !ChosenID(id) {
		return nil, notFound(o, id)
	}
	v, err := load[T](tx, bucket, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(o, id)
	}
	return v, err
}

// all reads every record of a scope in a bucket of settings, which are few.
func all[T any](tx store.Tx, bucket string, s Scope) (out []T, err error) {
	err = each(tx, bucket, s.prefix(), func(p store.Pair) error {
		v, err := decode[T](bucket, p.Value)
		if err == nil {
			out = append(out, *v)
		}
		return err
	})
	return out, err
}

// read runs fn over one snapshot.
func read[T any](ctx context.Context, e *Engine, fn func(store.Tx) (T, error)) (out T, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, err = fn(tx)
		return err
	})
	return out, err
}

// maxSettings bounds how many records of one kind a scope may have, so that
// reading all of them stays cheap.
const maxSettings = 2000

func roomFor(tx store.Tx, bucket string, s Scope, o Object) error {
	page, err := tx.Scan(bucket, s.prefix(), after(s.prefix()), maxSettings, false)
	if err != nil {
		return fmt.Errorf("count %s: %w", bucket, err)
	}
	if len(page) >= maxSettings {
		return &Error{Code: CodeState, Object: o, Status: "full", Message: fmt.Sprintf("there are %d already, which is the most", maxSettings), Hint: "archive what is not used"}
	}
	return nil
}

// checkName bounds a name and a description.
func checkName(name, description string) error {
	switch {
	case name == "":
		return missing("name")
	case len(name) > 255:
		return invalid("name", "a name has at most 255 bytes")
	}
	return checkDescription(description)
}

func checkDescription(text string) error {
	if len(text) > 1024 {
		return invalid("description", "a description has at most 1024 bytes")
	}
	return nil
}

// checkMetadata bounds what a merchant hangs on a request: an object of at
// most 20 attributes.
func checkMetadata(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return invalid("metadata", "metadata is an object")
	}
	if len(m) > 20 {
		return invalid("metadata", "metadata has at most 20 attributes")
	}
	if len(raw) > 16<<10 {
		return invalid("metadata", "metadata has at most 16 KiB")
	}
	return noSecurityCode(raw)
}
