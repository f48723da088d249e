package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/store"
)

// ObjSession is an operator's stay.
const ObjSession Object = "session"

// maxAgent bounds what is kept of a browser's word for itself.
const maxAgent = 256

// cleanAgent is a browser's word for itself as it is kept: short, on one line.
func cleanAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, agent[:min(len(agent), maxAgent)])
	return strings.TrimSpace(agent)
}

// Sessions returns the sessions that go on, the latest seen first: those of one
// operator, or everybody's where operator is empty.
func (e *Engine) Sessions(ctx context.Context, operator string) (out []Session, err error) {
	now, _ := e.pulse.now()
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		return each(tx, bucketSession, nil, func(p store.Pair) error {
			s, err := decode[Session](bucketSession, p.Value)
			if err == nil && !s.over(now) && (operator == "" || s.Operator == operator) {
				s.Challenge = nil
				out = append(out, *s)
			}
			return err
		})
	})
	slices.SortFunc(out, func(a, b Session) int {
		if c := b.Seen.Compare(a.Seen); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return out, err
}

// EndSession ends one session by its id: a person's own, or that of somebody
// whose role they may give and take.
func (e *Engine) EndSession(ctx context.Context, c Caller, id string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		var key []byte
		var found *Session
		err := each(tx, bucketSession, nil, func(p store.Pair) error {
			s, err := decode[Session](bucketSession, p.Value)
			if err == nil && s.ID == id && !s.over(now) {
				key, found = p.Key, s
			}
			return err
		})
		if err != nil {
			return err
		}
		if found == nil {
			return notFound(ObjSession, id)
		}
		if found.Operator != c.Actor {
			o, err := loadOperator(tx, found.Operator)
			if err != nil {
				return err
			}
			if err := mayHandle(tx, c, o.Role); err != nil {
				return err
			}
		}
		if err := tx.Delete(bucketSession, key); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return audit(tx, now, Act{Actor: c.Actor, Action: "operator.session_end", Object: id, Note: found.Operator})
	})
}

// EndOtherSessions ends all of an operator's sessions but the one whose token
// is given.
func (e *Engine) EndOtherSessions(ctx context.Context, operator, token string) error {
	hash := sha256.Sum256([]byte(token))
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := endSessions(tx, operator, hash[:]); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: operator, Action: "operator.sessions_end", Object: operator})
	})
}
