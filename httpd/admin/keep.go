package admin

import (
	"context"
	"fmt"
	"io"

	"penstock/engine"
	"penstock/httpd/wire"
)

// word is one line of the answer to a check: how far it is, or its end.
type word struct {
	Done   int     `json:"done,omitzero"` // records looked at
	Report *report `json:"report,omitzero"`
	Error  string  `json:"error,omitzero"`
}

type report struct {
	Counts   map[string]int `json:"counts"`
	Findings []string       `json:"findings"`
	More     int            `json:"more"` // findings beyond those listed
}

// check streams its progress, a JSON object a line, and ends with a report.
func (a *Admin) check(context.Context, *wire.Call, wire.None) (wire.Reply, error) {
	return wire.Reply{
		Header: [][2]string{{"Content-Type", "application/x-ndjson"}},
		Stream: func(ctx context.Context, w io.Writer) error {
			say := func(s word) error {
				b, err := wire.Encode(s)
				if err == nil {
					_, err = w.Write(append(b, '\n'))
				}
				return err
			}
			found, err := a.Check(ctx, func(done int) { _ = say(word{Done: done}) }) // a caller who went away shows at the end
			if err != nil {
				return say(word{Error: err.Error()})
			}
			return say(word{Report: &report{found.Counts, found.Findings, found.More}})
		},
	}, nil
}

// Check verifies every invariant over one snapshot of the store while the
// engine goes on. Findings are looked for a second time, and what the second
// look says counts: a customer who is erased between the snapshot and the look
// at their record is no fault, while a fault is still there.
func (a *Admin) Check(ctx context.Context, progress func(done int)) (*Report, error) {
	found, err := a.Engine.Check(ctx, progress)
	if err != nil || len(found.Findings) == 0 {
		return found, err
	}
	return a.Engine.Check(ctx, progress)
}

func (a *Admin) backup(context.Context, *wire.Call, wire.None) (wire.Reply, error) {
	return a.copy(a.Backup)
}

func (a *Admin) keyring(context.Context, *wire.Call, wire.None) (wire.Reply, error) {
	return a.copy(a.Keyring)
}

// copy streams what only an open locker can make.
func (a *Admin) copy(fn func(context.Context, io.Writer) error) (wire.Reply, error) {
	if a.Locker().Sealed {
		return wire.Reply{}, errSealed
	}
	return stream(fn)
}

func stream(fn func(context.Context, io.Writer) error) (wire.Reply, error) {
	if fn == nil {
		return wire.Reply{}, &engine.Error{Code: engine.CodeNotBuilt, Message: "this daemon makes no backups"}
	}
	return wire.Reply{Header: [][2]string{{"Content-Type", "application/octet-stream"}}, Stream: func(ctx context.Context, w io.Writer) error {
		if err := fn(ctx, w); err != nil {
			return fmt.Errorf("stream: %w", err)
		}
		return nil
	}}, nil
}
