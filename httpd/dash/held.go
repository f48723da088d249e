package dash

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/httpd/wire"
)

// Statements that were handed over wait in memory for the word of who handed
// them over, and nowhere else: a bank's file has account numbers in it. After a
// restart the file is chosen again.
const (
	heldFor   = 15 * time.Minute
	maxHeld   = 4 * maxUpload // bytes of all that wait
	maxHeldBy = 2             // of one person; a third one takes the place of the first
	maxHolds  = 256
)

// held is one statement that waits, or what came of it.
type held struct {
	id      string
	who     string // operator
	scope   engine.Scope
	account string
	file    connector.File
	until   time.Time
	busy    chan struct{}  // holds one who loads it, so that a double click waits for the first
	loaded  *engine.Loaded // once it is; under busy
}

// holds are those that wait. The zero value is ready.
type holds struct {
	mu   sync.Mutex
	list []*held
}

// put keeps a file and returns its name here.
func (h *holds) put(random io.Reader, now time.Time, v *visit, account string, f connector.File) (*held, error) {
	raw := make([]byte, 24)
	if _, err := io.ReadFull(random, raw); err != nil {
		return nil, fmt.Errorf("draw a statement's name: %w", err)
	}
	one := &held{id: base64.RawURLEncoding.EncodeToString(raw), who: v.who.ID, scope: v.scope, account: account, file: f, until: now.Add(heldFor), busy: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	theirs := 0
	for i := len(h.list) - 1; i >= 0; i-- { // the latest first
		if h.list[i].who != one.who {
			continue
		}
		if theirs++; theirs >= maxHeldBy {
			h.list = slices.Delete(h.list, i, i+1)
		}
	}
	size := len(f.Text)
	for _, other := range h.list {
		size += len(other.file.Text)
	}
	if size > maxHeld || len(h.list) >= maxHolds {
		return nil, &engine.Error{Code: engine.CodeBusy, Message: "too many statements wait to be looked at", Hint: "load those that wait, or repeat it in a quarter of an hour"}
	}
	h.list = append(h.list, one)
	return one, nil
}

func (h *holds) prune(now time.Time) {
	h.list = slices.DeleteFunc(h.list, func(o *held) bool { return !now.Before(o.until) })
}

// get is the one of that name that this person handed over for this account;
// nil: it waits here no longer.
func (h *holds) get(now time.Time, v *visit, account, id string) *held {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	for _, o := range h.list {
		if o.id == id && o.who == v.who.ID && o.scope == v.scope && o.account == account {
			return o
		}
	}
	return nil
}

// load loads it once: whoever asks again is told what came of it.
func (h *holds) load(ctx context.Context, o *held, load func(connector.File) (*engine.Loaded, error)) (*engine.Loaded, error) {
	select {
	case o.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-o.busy }()
	if o.loaded != nil {
		return o.loaded, nil
	}
	h.mu.Lock()
	f := o.file
	h.mu.Unlock()
	got, err := load(f)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	o.loaded, o.file.Text = got, nil
	h.mu.Unlock()
	return got, nil
}

// text is the file, or what came of it.
func (h *holds) text(o *held) (connector.File, *engine.Loaded) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return o.file, o.loaded
}

// waiting is the statement of the address; where it waits no longer, answer
// leads to where the file is chosen again.
func (d *Dash) waiting(v *visit, account string) (o *held, answer wire.Reply) {
	o = d.held.get(d.Now(), v, account, v.Param("held"))
	if o == nil {
		answer = goTo(after(v.at("/reconcile/"+account+"/load"), "gone"))
	}
	return o, answer
}
