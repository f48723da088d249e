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

// Role is what an operator is; roleTable says what that allows.
type Role string

const (
	RoleOwner         Role = "owner"
	RoleAdministrator Role = "administrator"
	RoleManager       Role = "manager"
	RoleDeveloper     Role = "developer"
	RoleViewer        Role = "viewer"
)

// Permit is one kind of act of an operator. Every role may look.
type Permit string

const (
	PermitPay     Permit = "pay"     // make, process, cancel and edit payout requests
	PermitState   Permit = "state"   // moderate, and say what became of a payout
	PermitFund    Permit = "fund"    // top up and adjust deposit accounts
	PermitResend  Permit = "resend"  // send webhooks again
	PermitConnect Permit = "connect" // provider accounts, routes, schemes, payout points, keys
	PermitPeople  Permit = "people"  // invite, give roles, end sessions
	PermitRoles   Permit = "roles"   // say what custom roles allow
)

// roleTable is the whole of what the roles that there always are allow, from the
// widest to the narrowest. Owners make others, see CustomRole.
var roleTable = []struct {
	role    Role
	permits []Permit
}{
	{RoleOwner, []Permit{PermitPay, PermitState, PermitFund, PermitResend, PermitConnect, PermitPeople, PermitRoles}},
	{RoleAdministrator, []Permit{PermitPay, PermitState, PermitFund, PermitResend, PermitConnect, PermitPeople}},
	{RoleManager, []Permit{PermitPay, PermitState, PermitFund, PermitResend}},
	{RoleDeveloper, []Permit{PermitResend, PermitConnect}},
	{RoleViewer, nil},
}

// Roles returns every role that there always is, the widest first.
func Roles() []Role {
	out := make([]Role, len(roleTable))
	for i, row := range roleTable {
		out[i] = row.role
	}
	return out
}

// Permits returns what the role allows; nothing for one that is not in the
// table.
func (r Role) Permits() []Permit {
	for _, row := range roleTable {
		if row.role == r {
			return slices.Clone(row.permits)
		}
	}
	return nil
}

// May says whether the role allows the act.
func (r Role) May(p Permit) bool { return slices.Contains(r.Permits(), p) }

// May says whether an operator who is let in may do the act. What is not named
// by their role is refused.
func (o *Operator) May(p Permit) bool { return !o.Disabled && slices.Contains(o.Permits, p) }

// Operator is a person who works in the dashboard, for every merchant. It is
// the appliance's own and belongs to no scope.
type Operator struct {
	ID       string    `json:"id"`    // opr_...
	Email    string    `json:"email"` // one operator each, in whatever case
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Password string    `json:"password"`          // a slow hash, made and verified by whoever reads passwords
	Failures int       `json:"failures,omitzero"` // wrong passwords in a row
	Locked   time.Time `json:"locked,omitzero"`   // nobody is let in before
	Disabled bool      `json:"disabled,omitzero"`
	Created  time.Time `json:"created"`
	Seen     time.Time `json:"seen,omitzero"` // of the latest log-in
	Second   Second    `json:"second,omitzero"`
	// Permits are what the role allows, as it stood when the operator was read.
	Permits []Permit `json:"-"`
	// Views are lists as this person wants to find them again.
	Views []SavedView `json:"views,omitzero"`
}

const (
	bucketOperator = "operator"      // id -> Operator
	bucketMail     = "operator_mail" // e-mail in lower case -> operator id
)

// ObjOperator is a person who works in the dashboard.
const ObjOperator Object = "operator"

// PrefixOperator begins the id of an operator.
const PrefixOperator = "opr_"

func (o *Operator) save(tx store.Tx) error { return keep(tx, bucketOperator, []byte(o.ID), o) }

// mailKey is under which an address is found: case does not tell two people
// apart.
func mailKey(email string) []byte { return []byte(strings.ToLower(email)) }

func checkEmail(email string) error {
	if len(email) < 3 || len(email) > 254 {
		return invalid("email", "an e-mail address has 3 to 254 characters")
	}
	if !strings.Contains(email, "@") || strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return invalid("email", "an e-mail address has an @ and no spaces")
	}
	return nil
}

func checkPersonName(name string) error {
	if n := len([]rune(name)); n < 1 || n > 100 {
		return invalid("name", "a name has 1 to 100 characters")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return invalid("name", "a name has no control characters")
	}
	return nil
}

// loadOperator returns notFound for who does not exist.
func loadOperator(tx store.Tx, id string) (*Operator, error) {
	o, err := load[Operator](tx, bucketOperator, []byte(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjOperator, id)
	}
	if err != nil {
		return nil, err
	}
	return o, o.resolve(tx)
}

// operatorOf finds an operator by e-mail; nil where nobody has that address.
func operatorOf(tx store.Tx, email string) (*Operator, error) {
	id, err := tx.Get(bucketMail, mailKey(email))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read e-mail: %w", err)
	}
	return loadOperator(tx, string(id))
}

// OperatorByEmail finds who has an address; CodeNotFound for nobody.
func (e *Engine) OperatorByEmail(ctx context.Context, email string) (o *Operator, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		if checkEmail(email) != nil {
			return notFound(ObjOperator, "")
		}
		if o, err = operatorOf(tx, email); err == nil && o == nil {
			return notFound(ObjOperator, "")
		}
		return err
	})
	return o, err
}

// Operators returns all of them in order of their making, with their hashes
// left out.
func (e *Engine) Operators(ctx context.Context) (out []Operator, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		return each(tx, bucketOperator, nil, func(p store.Pair) error {
			o, err := decode[Operator](bucketOperator, p.Value)
			if err == nil {
				err = o.resolve(tx)
				o.Password, o.Second.Codes = "", nil
				out = append(out, *o)
			}
			return err
		})
	})
	return out, err
}

// ChangeOperator gives an operator a role, or ends or restores the right to
// come in. Sessions of one who is disabled end at once. The last owner who is
// let in stays one.
func (e *Engine) ChangeOperator(ctx context.Context, c Caller, id string, role Role, disabled bool) (o *Operator, err error) {
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if o, err = loadOperator(tx, id); err != nil {
			return err
		}
		was := *o
		if err := mayHandle(tx, c, was.Role, role); err != nil {
			return err
		}
		o.Role, o.Disabled = role, disabled
		if err := o.resolve(tx); err != nil {
			return err
		}
		if was.Role == RoleOwner && !was.Disabled && (role != RoleOwner || disabled) {
			if err := anotherOwner(tx, id); err != nil {
				return err
			}
		}
		if err := o.save(tx); err != nil {
			return err
		}
		if disabled {
			if err := endSessions(tx, id, nil); err != nil {
				return err
			}
		}
		a := Act{Actor: c.Actor, Action: "operator.change", Object: id, Note: string(was.Role) + " to " + string(role)}
		if disabled {
			a.Note = "disabled"
		}
		return audit(tx, now, a)
	})
	if err != nil {
		return nil, err
	}
	o.Password = ""
	return o, nil
}

func anotherOwner(tx store.Tx, id string) error {
	found := false
	err := each(tx, bucketOperator, nil, func(p store.Pair) error {
		o, err := decode[Operator](bucketOperator, p.Value)
		found = found || err == nil && o.ID != id && o.Role == RoleOwner && !o.Disabled
		return err
	})
	if err == nil && !found {
		return &Error{Code: CodeState, Object: ObjOperator, ID: id, Message: "this is the only owner, and there must be one", Hint: "make somebody else an owner first"}
	}
	return err
}

// people holds the index of addresses against the operators.
func (k *check) people(tx store.Tx) error {
	mails := map[string]string{}
	err := each(tx, bucketOperator, nil, func(p store.Pair) error {
		k.Counts[bucketOperator]++
		o, err := decode[Operator](bucketOperator, p.Value)
		if err != nil {
			k.found("operator %s: %v", p.Key, err)
			return nil
		}
		mails[string(mailKey(o.Email))] = o.ID
		if _, err := permitsOf(tx, o.Role); err != nil {
			k.found("operator %s has the role %q: %v", p.Key, o.Role, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = each(tx, bucketMail, nil, func(p store.Pair) error {
		if mails[string(p.Key)] != string(p.Value) {
			k.found("an e-mail address leads to operator %s, who has another", p.Value)
		}
		delete(mails, string(p.Key))
		return nil
	})
	for _, id := range mails {
		k.found("operator %s is not found by e-mail", id)
	}
	return err
}
