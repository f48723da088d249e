package engine

import (
	"bytes"
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

// Second is what an operator proves besides the password. The zero value is
// nothing.
type Second struct {
	// Salt is that of the secret of an authenticator app. The secret itself is
	// kept nowhere: it follows from the salt and the locker (see AppSecret).
	Salt  []byte    `json:"salt,omitzero"`
	Since time.Time `json:"since,omitzero"`
	Step  int64     `json:"step,omitzero"` // the latest step of time whose code was used: each counts once
	// Codes are the hashes of recovery codes that are left; each carries 60
	// random bits and is guessed at under the operator's lock.
	Codes    [][]byte  `json:"codes,omitzero"`
	Passkeys []Passkey `json:"passkeys,omitzero"`
}

// Passkey is one key of an operator's, on a device or a stick.
type Passkey struct {
	ID      []byte          `json:"id"`
	Name    string          `json:"name"`
	Record  json.RawMessage `json:"record"` // whoever verifies it keeps its public part here; the engine does not look inside
	Created time.Time       `json:"created"`
	Used    time.Time       `json:"used,omitzero"`
}

// MaxPasskeys bounds those of one operator.
const MaxPasskeys = 10

// On says that the password alone lets nobody in.
func (s *Second) On() bool { return len(s.Salt) > 0 || len(s.Passkeys) > 0 }

// AppSecret is the secret of an operator's authenticator app, 20 bytes. It
// needs the locker open.
func (e *Engine) AppSecret(operator string, salt []byte) ([]byte, error) {
	mac, err := e.Locker.MAC("operator app", []byte(operator), salt)
	if err != nil {
		return nil, sealError("make an app's secret", err)
	}
	return mac[:20], nil
}

// Proof is one try to prove more than the password: to end a log-in, or before
// an act that wants it. Whoever calls has looked at it outside of the
// transaction.
type Proof struct {
	Token    string   // the session's
	Right    bool     // whether what was shown is right
	Password bool     // it was the password, which counts where there is nothing more
	Step     int64    // of an app's code
	Code     string   // a recovery code
	Passkey  *Passkey // the key as it is after use
	From     string
}

// Prove makes a session whole, or notes that its operator has proved who they
// are just now. Of a session that becomes whole the token changes. What is
// wrong, or was used before, counts like a wrong password; refusals are
// ErrLogin and ErrSession.
func (e *Engine) Prove(ctx context.Context, p Proof) (token string, err error) {
	if token, err = draw(e.Rand, 40); err != nil {
		return "", err
	}
	refused := false
	hash := sha256.Sum256([]byte(p.Token))
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		refused = false
		s, o, err := enter(tx, hash[:], now)
		if err != nil {
			return err
		}
		if now.Before(o.Locked) {
			refused = true
			return nil
		}
		if !p.Right || !o.Second.take(p, now) {
			refused = true
			return o.guessed(tx, now, p.From)
		}
		o.Failures, o.Locked = 0, time.Time{}
		if err := o.save(tx); err != nil {
			return err
		}
		s.Proved, s.Seen = now, now
		if !s.Half {
			token = p.Token
			return errors.Join(keep(tx, bucketSession, hash[:], s), audit(tx, now, Act{Actor: o.ID, Action: "operator.prove", Object: s.ID, Note: p.From}))
		}
		if err := tx.Delete(bucketSession, hash[:]); err != nil {
			return fmt.Errorf("delete session: %w", err)
		}
		s.Half, s.Challenge, s.Created = false, nil, now
		whole := sha256.Sum256([]byte(token))
		return errors.Join(keep(tx, bucketSession, whole[:], s), audit(tx, now, Act{Actor: o.ID, Action: "operator.login", Object: s.ID, Note: p.From}))
	})
	if err == nil && refused {
		err = ErrLogin
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// take uses a proof up; false says that it is none.
func (s *Second) take(p Proof, now time.Time) bool {
	switch {
	case p.Passkey != nil:
		i := slices.IndexFunc(s.Passkeys, func(k Passkey) bool { return bytes.Equal(k.ID, p.Passkey.ID) })
		if i < 0 {
			return false
		}
		s.Passkeys[i].Record, s.Passkeys[i].Used = p.Passkey.Record, now
		return true
	case p.Step > 0:
		if len(s.Salt) == 0 || p.Step <= s.Step {
			return false
		}
		s.Step = p.Step
		return true
	case p.Code != "":
		hash := sha256.Sum256([]byte(p.Code))
		i := slices.IndexFunc(s.Codes, func(c []byte) bool { return subtle.ConstantTimeCompare(c, hash[:]) == 1 })
		if i < 0 {
			return false
		}
		s.Codes = slices.Delete(s.Codes, i, i+1)
		return true
	}
	return p.Password && !s.On()
}

// Halfway finds whose session a token is, though it may not be whole yet: then
// it is good for nothing but Prove.
func (e *Engine) Halfway(ctx context.Context, token string) (s *Session, o *Operator, err error) {
	if len(token) != 40 {
		return nil, nil, ErrSession
	}
	hash := sha256.Sum256([]byte(token))
	now, _ := e.pulse.now()
	err = e.Store.View(ctx, func(tx store.Tx) error {
		s, o, err = enter(tx, hash[:], now)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return s, o, nil
}

// maxChallenge bounds what a session keeps of a ceremony.
const maxChallenge = 8 << 10

// SetChallenge keeps with a session what a ceremony that was begun has to be
// held against; nil takes it away, so that each is used once.
func (e *Engine) SetChallenge(ctx context.Context, token string, challenge json.RawMessage) error {
	if len(challenge) > maxChallenge {
		return invalid("challenge", "it is too long")
	}
	hash := sha256.Sum256([]byte(token))
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		s, _, err := enter(tx, hash[:], now)
		if err != nil {
			return err
		}
		s.Challenge = challenge
		return keep(tx, bucketSession, hash[:], s)
	})
}

// ChangeSecond changes what an operator proves besides the password, and ends
// all of their sessions but the one whose token is given. action is the audit
// log's word for it.
func (e *Engine) ChangeSecond(ctx context.Context, operator, token, action string, change func(*Second) error) error {
	hash := sha256.Sum256([]byte(token))
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		o, err := loadOperator(tx, operator)
		if err != nil {
			return err
		}
		if err := change(&o.Second); err != nil {
			return err
		}
		if !o.Second.On() {
			o.Second = Second{}
		}
		if err := o.save(tx); err != nil {
			return err
		}
		if err := endSessions(tx, operator, hash[:]); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: operator, Action: action, Object: operator})
	})
}

// ResetSecond takes away what an operator proves besides the password, of one
// who has lost it, and ends their sessions.
func (e *Engine) ResetSecond(ctx context.Context, c Caller, operator string) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		o, err := loadOperator(tx, operator)
		if err != nil {
			return err
		}
		if err := mayHandle(tx, c, o.Role, o.Role); err != nil {
			return err
		}
		o.Second = Second{}
		if err := o.save(tx); err != nil {
			return err
		}
		if err := endSessions(tx, operator, nil); err != nil {
			return err
		}
		return c.act(tx, now, "operator.second_reset", operator)
	})
}
