package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// Invitation is a one-time link by which an operator gets in: a new one with
// the role that it names, or one who has that address already and chooses a
// new password. Its token is not kept, only a hash; it carries over 230 random
// bits, which makes a slow hash needless.
type Invitation struct {
	Email   string    `json:"email"`
	Role    Role      `json:"role,omitzero"` // absent in the oldest: owner
	Known   bool      `json:"-"`             // an operator has that address
	Expires time.Time `json:"expires"`
	Created time.Time `json:"created"`
}

const bucketInvite = "invite" // SHA-256 of the token -> Invitation

// ErrInvitation is the one answer to a link that opens nothing: unknown, used
// or too old.
var ErrInvitation = &Error{Code: CodeNotFound, Object: ObjOperator, Message: "this link is unknown, was used, or is too old",
	Hint: "on the server: penstock operator invite ADDRESS"}

// Invite makes an invitation and returns its token, which is shown this once.
// Earlier invitations of the same address end.
func (e *Engine) Invite(ctx context.Context, c Caller, email string, role Role, life time.Duration) (token string, err error) {
	if err := checkEmail(email); err != nil {
		return "", err
	}
	if token, err = draw(e.Rand, 40); err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(token))
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		roles := []Role{role}
		if known, err := operatorOf(tx, email); err != nil {
			return err
		} else if known != nil {
			roles = append(roles, known.Role)
		}
		if err := mayHandle(tx, c, roles...); err != nil {
			return err
		}
		if err := dropInvitations(tx, email); err != nil {
			return err
		}
		if err := keep(tx, bucketInvite, hash[:], Invitation{Email: email, Role: role, Expires: now.Add(life), Created: now}); err != nil {
			return err
		}
		return audit(tx, now, Act{Actor: c.Actor, Action: "operator.invite", Object: email, Note: string(role)})
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// dropInvitations takes those of an address away.
func dropInvitations(tx store.Tx, email string) error {
	var gone [][]byte
	err := each(tx, bucketInvite, nil, func(p store.Pair) error {
		i, err := decode[Invitation](bucketInvite, p.Value)
		if err == nil && string(mailKey(i.Email)) == string(mailKey(email)) {
			gone = append(gone, p.Key)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range gone {
		if err := tx.Delete(bucketInvite, key); err != nil {
			return fmt.Errorf("delete invitation: %w", err)
		}
	}
	return nil
}

// Invitation shows what a link is for, and uses nothing up. A link that opens
// nothing is ErrInvitation.
func (e *Engine) Invitation(ctx context.Context, token string) (i *Invitation, err error) {
	now, _ := e.pulse.now()
	err = e.Store.View(ctx, func(tx store.Tx) error {
		i, _, err = loadInvitation(tx, token, now)
		return err
	})
	return i, err
}

func loadInvitation(tx store.Tx, token string, now time.Time) (*Invitation, *Operator, error) {
	if len(token) != 40 {
		return nil, nil, ErrInvitation
	}
	hash := sha256.Sum256([]byte(token))
	i, err := load[Invitation](tx, bucketInvite, hash[:])
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, ErrInvitation
	}
	if err != nil {
		return nil, nil, err
	}
	if !now.Before(i.Expires) || now.Before(i.Created.Add(-time.Minute)) {
		return nil, nil, ErrInvitation
	}
	if i.Role == "" {
		i.Role = RoleOwner
	}
	o, err := operatorOf(tx, i.Email)
	i.Known = o != nil
	return i, o, err
}

// Acceptance is what whoever opened a link gives.
type Acceptance struct {
	Token    string
	Email    string // of a new operator; one who is known keeps theirs
	Name     string
	Password string // a slow hash, see Operator
	From     string // the address it came from, for the audit log
	Agent    string // the browser's word for itself
}

// Accept uses an invitation up and opens the first session of whoever it let
// in; the session's token is returned. One who was known before gets the new
// password, is no longer locked, and all their sessions end; their role stays,
// and one who is disabled isn't let in.
func (e *Engine) Accept(ctx context.Context, a Acceptance) (o *Operator, token string, err error) {
	if err := checkPersonName(a.Name); err != nil {
		return nil, "", err
	}
	if a.Password == "" {
		return nil, "", missing("password")
	}
	if token, err = draw(e.Rand, 40); err != nil {
		return nil, "", err
	}
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		i, known, err := loadInvitation(tx, a.Token, now)
		if err != nil {
			return err
		}
		if o = known; o == nil {
			if o, err = e.newOperator(tx, now, a, i.Role); err != nil {
				return err
			}
		}
		if o.Disabled {
			return ErrInvitation
		}
		o.Name, o.Password, o.Failures, o.Locked, o.Seen = a.Name, a.Password, 0, time.Time{}, now
		if err := o.save(tx); err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(a.Token))
		if err := tx.Delete(bucketInvite, hash[:]); err != nil {
			return fmt.Errorf("delete invitation: %w", err)
		}
		if err := endSessions(tx, o.ID, nil); err != nil {
			return err
		}
		if err := audit(tx, now, Act{Actor: o.ID, Action: "operator.accept", Object: o.ID, Note: string(o.Role)}); err != nil {
			return err
		}
		return e.openSession(tx, now, o, token, a.From, a.Agent)
	})
	if err != nil {
		return nil, "", err
	}
	return o, token, nil
}

// newOperator makes an operator and the index row of the address.
func (e *Engine) newOperator(tx store.Tx, now time.Time, a Acceptance, role Role) (*Operator, error) {
	if err := checkEmail(a.Email); err != nil {
		return nil, err
	}
	other, err := operatorOf(tx, a.Email)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return nil, invalid("email", "this address is somebody else's")
	}
	id, err := e.newID(now)
	if err != nil {
		return nil, err
	}
	o := &Operator{ID: PrefixOperator + id, Email: a.Email, Role: role, Created: now}
	if err := o.resolve(tx); err != nil {
		return nil, err
	}
	if err := tx.Put(bucketMail, mailKey(a.Email), []byte(o.ID)); err != nil {
		return nil, fmt.Errorf("write e-mail: %w", err)
	}
	return o, nil
}
