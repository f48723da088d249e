package engine

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/store"
)

// How long an operator is let in, and how guessing is answered.
const (
	SessionIdle = 15 * time.Minute // without a request
	SessionLife = 12 * time.Hour   // whatever is done
	MaxGuesses  = 5                // wrong passwords in a row
	LockedFor   = 15 * time.Minute // after them
	HalfLife    = 5 * time.Minute  // of a session that is not whole

	sessionTouch = 30 * time.Second // a session's last sight is stored this often at most
	maxSessions  = 10               // of one operator; the oldest ends
)

// Session is an operator's stay. Its token is not kept, only a hash; it
// carries over 230 random bits, which makes a slow hash needless.
type Session struct {
	ID       string    `json:"id"` // ses_..., which opens nothing
	Operator string    `json:"operator"`
	From     string    `json:"from,omitzero"`  // address of whoever logged in
	Agent    string    `json:"agent,omitzero"` // their browser's word for itself
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"seen"`
	// Half says that the password was right and that more has to be proved:
	// until then the session opens nothing.
	Half   bool      `json:"half,omitzero"`
	Proved time.Time `json:"proved,omitzero"` // when its operator last proved who they are
	// Challenge is what a ceremony that was begun has to be held against.
	Challenge json.RawMessage `json:"challenge,omitzero"`
}

const bucketSession = "session" // SHA-256 of the token -> Session

// PrefixSession begins the id of a session.
const PrefixSession = "ses_"

// ErrLogin is the one answer to a log-in that is refused, whatever the reason:
// nobody learns which addresses exist or are locked.
var ErrLogin = &Error{Code: CodeUnauthorized, Object: ObjOperator, Message: "e-mail or password is wrong, or this log-in is locked for 15 minutes after 5 wrong passwords"}

// ErrSession says that there is no such session, or that it has ended.
var ErrSession = &Error{Code: CodeUnauthorized, Object: ObjOperator, Message: "the session has ended"}

// over says that a session has ended at now. One from the future is not
// believed either: a clock that is set back must not make it last longer.
func (s *Session) over(now time.Time) bool {
	return s.Half && !now.Before(s.Created.Add(HalfLife)) || !now.Before(s.Seen.Add(SessionIdle)) || !now.Before(s.Created.Add(SessionLife)) || now.Before(s.Created.Add(-time.Minute))
}

// Login is one try to come in.
type Login struct {
	Operator string // id
	Password string // the stored hash that was looked at
	Right    bool   // whether the password given is the one of that hash
	From     string // the address it came from, for the audit log
	Agent    string // the browser's word for itself
}

// LogIn opens a session, or counts a wrong password; after MaxGuesses of them
// in a row nobody is let in for LockedFor, with the right one either. Whoever
// calls has looked at the password before, outside of the transaction.
// Refusals are ErrLogin.
func (e *Engine) LogIn(ctx context.Context, l Login) (token string, err error) {
	if token, err = draw(e.Rand, 40); err != nil {
		return "", err
	}
	refused := false
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		refused = false
		o, err := loadOperator(tx, l.Operator)
		if isNotFound(err) {
			refused = true
			return nil
		}
		if err != nil {
			return err
		}
		if o.Disabled || now.Before(o.Locked) || subtle.ConstantTimeCompare([]byte(o.Password), []byte(l.Password)) != 1 {
			refused = true
			return nil
		}
		if !l.Right {
			refused = true
			return o.guessed(tx, now, l.From)
		}
		o.Locked, o.Seen = time.Time{}, now
		if !o.Second.On() { // else the guesses at what has to be proved besides go on counting
			o.Failures = 0
		}
		if err := o.save(tx); err != nil {
			return err
		}
		return e.openSession(tx, now, o, token, l.From, l.Agent)
	})
	if err != nil {
		return "", err
	}
	if refused {
		return "", ErrLogin
	}
	return token, nil
}

// guessed counts a wrong password.
func (o *Operator) guessed(tx store.Tx, now time.Time, from string) error {
	o.Failures++
	a := Act{Actor: o.ID, Action: "operator.refused", Object: o.ID, Note: from}
	if o.Failures >= MaxGuesses {
		o.Failures, o.Locked = 0, now.Add(LockedFor)
		a.Action = "operator.locked"
	}
	if err := o.save(tx); err != nil {
		return err
	}
	return audit(tx, now, a)
}

// openSession writes a new session and takes those away that have ended.
func (e *Engine) openSession(tx store.Tx, now time.Time, o *Operator, token, from, agent string) error {
	id, err := e.newID(now)
	if err != nil {
		return err
	}
	s := Session{ID: PrefixSession + id, Operator: o.ID, From: from, Agent: cleanAgent(agent), Created: now, Seen: now, Half: o.Second.On()}
	if !s.Half {
		s.Proved = now
	}
	if err := sweepSessions(tx, now, o.ID); err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(token))
	if err := keep(tx, bucketSession, hash[:], s); err != nil {
		return err
	}
	action := "operator.login"
	if s.Half {
		action = "operator.password_right"
	}
	return audit(tx, now, Act{Actor: o.ID, Action: action, Object: s.ID, Note: from})
}

// sweepSessions deletes everybody's sessions that have ended, and of the
// operator's own so many of the oldest that one more may be opened.
func sweepSessions(tx store.Tx, now time.Time, operator string) error {
	var gone [][]byte
	type stay struct {
		began time.Time
		key   []byte
	}
	var own []stay
	err := each(tx, bucketSession, nil, func(p store.Pair) error {
		s, err := decode[Session](bucketSession, p.Value)
		switch {
		case err != nil:
			return err
		case s.over(now):
			gone = append(gone, p.Key)
		case s.Operator == operator:
			own = append(own, stay{s.Created, p.Key})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(own, func(a, b stay) int { return a.began.Compare(b.began) })
	for ; len(own) >= maxSessions; own = own[1:] {
		gone = append(gone, own[0].key)
	}
	for _, key := range gone {
		if err := tx.Delete(bucketSession, key); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
	}
	return nil
}

// endSessions ends an operator's sessions, but for the one under keepHash.
func endSessions(tx store.Tx, operator string, keepHash []byte) error {
	var gone [][]byte
	err := each(tx, bucketSession, nil, func(p store.Pair) error {
		s, err := decode[Session](bucketSession, p.Value)
		if err == nil && s.Operator == operator && string(p.Key) != string(keepHash) {
			gone = append(gone, p.Key)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range gone {
		if err := tx.Delete(bucketSession, key); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
	}
	return nil
}

// Glimpse is Enter of what no person asked for, such as a page that keeps
// itself up to date: it doesn't make a session last longer.
func (e *Engine) Glimpse(ctx context.Context, token string) (*Session, *Operator, error) {
	s, o, err := e.Halfway(ctx, token)
	if err == nil && s.Half {
		err = ErrSession
	}
	if err != nil {
		return nil, nil, err
	}
	return s, o, nil
}

// Enter finds whose session a token is, and notes that it was seen. An
// operator who is disabled has none. Anything but a live session is
// ErrSession.
func (e *Engine) Enter(ctx context.Context, token string) (s *Session, o *Operator, err error) {
	now, _ := e.pulse.now()
	if s, o, err = e.Glimpse(ctx, token); err != nil || now.Sub(s.Seen) < sessionTouch {
		return s, o, err
	}
	hash := sha256.Sum256([]byte(token))
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if s, o, err = enter(tx, hash[:], now); err != nil {
			return err
		}
		if s.Half {
			return ErrSession
		}
		s.Seen = now
		return keep(tx, bucketSession, hash[:], s)
	})
	if err != nil && !errors.Is(err, ErrSession) { // a store that can't be written lets people look on
		e.Log.WarnContext(ctx, "a session's last sight was not stored", "err", err)
		return s, o, nil
	}
	return s, o, err
}

func enter(tx store.Tx, hash []byte, now time.Time) (*Session, *Operator, error) {
	s, err := load[Session](tx, bucketSession, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, ErrSession
	}
	if err != nil {
		return nil, nil, err
	}
	if s.over(now) {
		return nil, nil, ErrSession
	}
	o, err := loadOperator(tx, s.Operator)
	if isNotFound(err) || err == nil && o.Disabled {
		return nil, nil, ErrSession
	}
	if err != nil {
		return nil, nil, err
	}
	return s, o, nil
}

// LogOut ends a session. Ending one that has ended is harmless.
func (e *Engine) LogOut(ctx context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		s, err := load[Session](tx, bucketSession, hash[:])
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.Delete(bucketSession, hash[:]); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		return audit(tx, now, Act{Actor: s.Operator, Action: "operator.logout", Object: s.ID})
	})
}

// SetPassword gives an operator another password, where the stored hash is
// still the one that the old password was held against, and ends all of the
// operator's sessions but the one whose token is given.
func (e *Engine) SetPassword(ctx context.Context, id, oldHash, newHash, token string) error {
	hash := sha256.Sum256([]byte(token))
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		o, err := loadOperator(tx, id)
		if err != nil {
			return err
		}
		if newHash == "" || subtle.ConstantTimeCompare([]byte(o.Password), []byte(oldHash)) != 1 {
			return ErrLogin
		}
		o.Password = newHash
		if err := o.save(tx); err != nil {
			return err
		}
		if err := endSessions(tx, id, hash[:]); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: id, Action: "operator.password", Object: id})
	})
}
