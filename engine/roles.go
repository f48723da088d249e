package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"penstock/store"
)

// CustomRole is a role that an owner has made: a name and what it allows.
// Whoever has it may look, as everybody may, and do what it names, nothing
// else. What it allows counts from the next request on of all who have it.
type CustomRole struct {
	Name    Role      `json:"name"`
	About   string    `json:"about,omitzero"` // what it is for, in its owner's words
	Permits []Permit  `json:"permits"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

const bucketRole = "role" // name -> CustomRole

// ObjRole is a custom role.
const ObjRole Object = "role"

// maxRoles bounds custom roles.
const maxRoles = 50

// Grantable are the permits that a custom role may have: all but those that
// only owners have.
func Grantable() []Permit {
	return []Permit{PermitPay, PermitState, PermitFund, PermitResend, PermitConnect, PermitPeople}
}

// BuiltIn says that the role is one of the table.
func (r Role) BuiltIn() bool { return slices.Contains(Roles(), r) }

func errRole() error {
	return invalid("role", "a role is owner, administrator, manager, developer, viewer, or one that an owner has made")
}

// permitsOf is what a role allows. A role that there is not allows nothing and
// is refused.
func permitsOf(tx store.Tx, r Role) ([]Permit, error) {
	if r.BuiltIn() {
		return r.Permits(), nil
	}
	if checkRoleName(r) != nil {
		return nil, errRole()
	}
	own, err := load[CustomRole](tx, bucketRole, []byte(r))
	if errors.Is(err, store.ErrNotFound) {
		return nil, errRole()
	}
	if err != nil {
		return nil, err
	}
	return own.Permits, nil
}

// resolve fills in what the operator's role allows. One that there is not
// allows nothing.
func (o *Operator) resolve(tx store.Tx) error {
	permits, err := permitsOf(tx, o.Role)
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	o.Permits = permits
	return nil
}

func checkRoleName(r Role) error {
	bad := len(r) < 2 || len(r) > 40 || r[0] == '-' || r[len(r)-1] == '-' ||
		strings.ContainsFunc(string(r), func(c rune) bool { return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') })
	if bad {
		return invalid("name", "a role's name has 2 to 40 small letters, digits and hyphens")
	}
	if r.BuiltIn() {
		return invalid("name", "there is a role of this name already, which can't be changed")
	}
	return nil
}

func (r *CustomRole) check() error {
	if err := checkRoleName(r.Name); err != nil {
		return err
	}
	if len([]rune(r.About)) > 200 || strings.ContainsFunc(r.About, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return invalid("about", "has at most 200 characters on one line")
	}
	for _, p := range r.Permits {
		if !slices.Contains(Grantable(), p) {
			return invalid("permits", "a permit is pay, state, fund, resend, connect or people")
		}
	}
	return nil
}

// CustomRoles returns all of them in the order of their names.
func (e *Engine) CustomRoles(ctx context.Context) (out []CustomRole, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		return each(tx, bucketRole, nil, func(p store.Pair) error {
			r, err := decode[CustomRole](bucketRole, p.Value)
			if err == nil {
				out = append(out, *r)
			}
			return err
		})
	})
	return out, err
}

// PermitsOf is what a role allows, built in or custom; CodeInvalid for one that
// there is not.
func (e *Engine) PermitsOf(ctx context.Context, r Role) (out []Permit, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out, err = permitsOf(tx, r)
		return err
	})
	return out, err
}

// SaveRole makes a custom role, or changes what one of that name allows. Only
// owners may, and the socket.
func (e *Engine) SaveRole(ctx context.Context, c Caller, r CustomRole) (*CustomRole, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	r.Permits = slices.DeleteFunc(Grantable(), func(p Permit) bool { return !slices.Contains(r.Permits, p) }) // each once, in one order
	err := e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := mayDefine(tx, c); err != nil {
			return err
		}
		r.Created, r.Changed = now, now
		was, err := load[CustomRole](tx, bucketRole, []byte(r.Name))
		switch {
		case err == nil:
			r.Created = was.Created
		case !errors.Is(err, store.ErrNotFound):
			return err
		default:
			rows, err := tx.Scan(bucketRole, nil, nil, maxRoles, false)
			if err != nil {
				return fmt.Errorf("count roles: %w", err)
			}
			if len(rows) >= maxRoles {
				return &Error{Code: CodeState, Object: ObjRole, ID: string(r.Name), Message: fmt.Sprintf("there are %d custom roles, and no more may be made", maxRoles)}
			}
		}
		if err := keep(tx, bucketRole, []byte(r.Name), r); err != nil {
			return err
		}
		a := Act{Actor: c.Actor, Action: "role.save", Object: string(r.Name), Note: permitsText(r.Permits)}
		if was != nil {
			a.Note = permitsText(was.Permits) + " to " + a.Note
		}
		return audit(tx, now, a)
	})
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// DeleteRole takes a custom role away that nobody has and nobody is invited
// with.
func (e *Engine) DeleteRole(ctx context.Context, c Caller, name Role) error {
	return e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := mayDefine(tx, c); err != nil {
			return err
		}
		if _, err := load[CustomRole](tx, bucketRole, []byte(name)); errors.Is(err, store.ErrNotFound) {
			return notFound(ObjRole, string(name))
		} else if err != nil {
			return err
		}
		holders, err := holdersOf(tx, name, now)
		if err != nil {
			return err
		}
		if holders > 0 {
			return &Error{Code: CodeState, Object: ObjRole, ID: string(name), Message: fmt.Sprintf("the role is that of %d, or they are invited with it", holders), Hint: "give them another one first"}
		}
		if err := tx.Delete(bucketRole, []byte(name)); err != nil {
			return fmt.Errorf("delete role: %w", err)
		}
		return audit(tx, now, Act{Actor: c.Actor, Action: "role.delete", Object: string(name)})
	})
}

// holdersOf counts who has a role, and the invitations with it that are good.
func holdersOf(tx store.Tx, name Role, now time.Time) (n int, err error) {
	err = each(tx, bucketOperator, nil, func(p store.Pair) error {
		o, err := decode[Operator](bucketOperator, p.Value)
		if err == nil && o.Role == name {
			n++
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	err = each(tx, bucketInvite, nil, func(p store.Pair) error {
		i, err := decode[Invitation](bucketInvite, p.Value)
		if err == nil && i.Role == name && now.Before(i.Expires) {
			n++
		}
		return err
	})
	return n, err
}

func permitsText(permits []Permit) string {
	if len(permits) == 0 {
		return "look"
	}
	out := make([]string, len(permits))
	for i, p := range permits {
		out[i] = string(p)
	}
	return strings.Join(out, "+")
}

// mayDefine refuses an operator who may not say what roles allow.
func mayDefine(tx store.Tx, c Caller) error {
	if !strings.HasPrefix(c.Actor, PrefixOperator) {
		return nil
	}
	o, err := loadOperator(tx, c.Actor)
	if err != nil {
		return err
	}
	if !o.May(PermitRoles) {
		return &Error{Code: CodeForbidden, Object: ObjRole, Message: "only owners may say what a role allows"}
	}
	return nil
}

// mayHandle refuses an operator who would give or take away more than they
// have themselves: whoever invites an owner's address could become that owner.
// Other callers, on the socket, may do everything. A role that there is not is
// refused to all.
func mayHandle(tx store.Tx, c Caller, roles ...Role) error {
	var o *Operator
	if strings.HasPrefix(c.Actor, PrefixOperator) {
		var err error
		if o, err = loadOperator(tx, c.Actor); err != nil {
			return err
		}
	}
	for _, r := range roles {
		permits, err := permitsOf(tx, r)
		if err != nil {
			return err
		}
		if o != nil && !o.Covers(permits) {
			return &Error{Code: CodeForbidden, Object: ObjOperator, Message: "your role may not do this to " + string(r) + "s"}
		}
	}
	return nil
}

// Covers says whether the operator may give a role that allows that, or take it
// away: it allows no more than their own.
func (o *Operator) Covers(permits []Permit) bool {
	return o.May(PermitPeople) && !slices.ContainsFunc(permits, func(p Permit) bool { return !o.May(p) })
}
